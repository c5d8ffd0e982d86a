--- Answers of a server, byte for byte, and what is right to make of each. Rows are
---   { what, bytes, status, body, more } or { what, bytes, kind, nil, more }
--- where `more` says: `keeps`, the connection may carry another call; `after`, what the
--- server does next ("close", "reset", "hold", which is the default); `differs`, where some
--- libcurl reads something else into it, in one version or another.

local answers = {}

--- Bytes of an answer's body that are allowed.
answers.LIMIT = 1000

--- What the second call is answered.
answers.NEXT = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext"

local function ok(...) return "HTTP/1.1 200 OK\r\n" .. table.concat({ ... }, "\r\n") end

local function length(value, body) return ok("Content-Length: " .. value, "", body or "hello") end

local function chunked(...) return ok("Transfer-Encoding: chunked", "", ...) end

local FORGED = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"

local LONG = 300 * 1024

local KEEPS, CLOSES, DIFFERS = { keeps = true }, { after = "close" }, { differs = true }

answers.rows = {
  -- One valid length.
  { "a length", length "5", 200, "hello", KEEPS },
  { "a length of nothing", length("0", ""), 200, "", KEEPS },
  { "a length with zeros before it", length "0005", 200, "hello", KEEPS },
  { "a length with blanks around it", length " \t5 ", 200, "hello", KEEPS },
  { "a length as long as is allowed", length("1000", ("x"):rep(1000)), 200, ("x"):rep(1000), KEEPS },
  { "a length and line feeds alone", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", 200, "hello", KEEPS },
  { "a length on a line of its own", ok("Content-Length:", " 5", "", "hello"), 200, "hello",
    { keeps = true, differs = true } },
  { "a length of -1", length "-1", "protocol", nil, DIFFERS },
  { "a length of +5", length "+5", "protocol", nil, DIFFERS },
  { "a length of 5x", length "5x", "protocol", nil, DIFFERS },
  { "a length of 0x5", length "0x5", "protocol", nil, DIFFERS },
  { "a length of 5.0", length "5.0", "protocol", nil, DIFFERS },
  { "a length of 1e3", length "1e3", "protocol", nil, DIFFERS },
  { "a length that is two", length "5, 5", "protocol", nil, DIFFERS },
  { "a length that is none", length "", "protocol", nil, DIFFERS },
  { "two lengths that differ", ok("Content-Length: 5", "Content-Length: 4", "", "hello"), "protocol", nil, DIFFERS },
  { "the same length twice", ok("Content-Length: 5", "content-length: 5", "", "hello"), "protocol", nil, DIFFERS },
  { "a length over the limit", length("1001", ("x"):rep(1001)), "protocol" },
  { "a length over the limit, of which nothing comes", length("2147483648", ""), "protocol", nil, DIFFERS },
  { "a length of 2^63 - 1", length "9223372036854775807", "protocol", nil, DIFFERS },
  { "a length of 2^64", length "18446744073709551616", "protocol", nil, DIFFERS },
  { "a length of 400 digits", length(("9"):rep(400)), "protocol", nil, DIFFERS },
  { "a body that is shorter than its length", length "6", "network", nil, CLOSES },
  { "a body that breaks off", length "6", "network", nil, { after = "reset" } },
  { "a body that never comes", length("5", ""), "timeout" },
  -- Plain chunks.
  { "chunks", chunked("3", "hel", "2", "lo", "0", "", ""), 200, "hello", KEEPS },
  { "no chunk but the last", chunked("0", "", ""), 200, "", KEEPS },
  { "chunks in capitals",
    ok("TRANSFER-ENCODING: Chunked", "", "A", "hellohello", "0", "", ""), 200, "hellohello", KEEPS },
  { "a chunk's size with zeros before it", chunked("0005", "hello", "000", "", ""), 200, "hello", KEEPS },
  { "extensions of chunks", chunked("5;a=b", "hello", '0;c="d"', "", ""), 200, "hello", KEEPS },
  { "an extension after a blank", chunked("5 ; a", "hello", "0", "", ""), 200, "hello", KEEPS },
  { "trailers", chunked("5", "hello", "0", "X-Sum: 1", "Content-Length: 9", "", ""), 200, "hello", KEEPS },
  { "a chunk of no size", chunked("", "hello", "0", "", ""), "protocol", nil, DIFFERS },
  { "a chunk of size g", chunked("g", "hello", "0", "", ""), "protocol", nil, DIFFERS },
  { "a chunk of size -5", chunked("-5", "hello", "0", "", ""), "protocol", nil, DIFFERS },
  { "a chunk of size 0x5", chunked("0x5", "hello", "0", "", ""), "protocol", nil, DIFFERS },
  { "a chunk of size 5 x", chunked("5 x", "hello", "0", "", ""), "protocol", nil, DIFFERS },
  { "a chunk of 2^64 - 1", chunked("ffffffffffffffff", "hello", "0", "", ""), "protocol", nil, DIFFERS },
  { "a chunk of 2^68", chunked("100000000000000000", "hello", "0", "", ""), "protocol", nil, DIFFERS },
  { "a chunk over the limit", chunked("3e9", ("x"):rep(1001), "0", "", ""), "protocol" },
  { "chunks over the limit", chunked("1f4", ("x"):rep(500), "1f5", ("x"):rep(501), "0", "", ""), "protocol" },
  { "a chunk that is longer than its size", chunked("3", "hello", "0", "", ""), "protocol", nil, DIFFERS },
  { "chunks that break off", chunked("5", "hel"), "network", nil, CLOSES },
  { "chunks without the last one", chunked("5", "hello", ""), "network", nil, CLOSES },
  { "chunks that stop coming", chunked("5", "hello", ""), "timeout" },
  { "an extension without end", chunked("5;" .. ("x"):rep(LONG), "hello", "0", "", ""), "protocol", nil, DIFFERS },
  { "extensions without end",
    chunked((("1;" .. ("x"):rep(1000) .. "\r\na\r\n"):rep(300)) .. "0", "", ""), "protocol", nil, DIFFERS },
  { "trailers without end",
    chunked("0", ("X: " .. ("x"):rep(1000) .. "\r\n"):rep(300), "", ""), "protocol", nil, DIFFERS },
  -- Both, or another coding.
  { "a length beside chunks", ok("Content-Length: 5", "Transfer-Encoding: chunked", "", "5", "hello", "0", "", ""),
    "protocol", nil, DIFFERS },
  { "chunks beside a length", ok("Transfer-Encoding: chunked", "Content-Length: 3", "", "5", "hello", "0", "", ""),
    "protocol", nil, DIFFERS },
  { "chunks of HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "protocol",
    nil, { after = "close", differs = true } },
  { "chunks of something else",
    ok("Transfer-Encoding: gzip, chunked", "", "5", "hello", "0", "", ""), "protocol", nil, DIFFERS },
  { "chunks in chunks", ok("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", "", "5", "hello", "0", "", ""),
    "protocol", nil, DIFFERS },
  { "a coding that is not known", ok("Transfer-Encoding: xchunked", "", "hello"), "protocol", nil, CLOSES },
  -- Neither.
  { "neither length nor chunks", ok("X: y", "", "hello"), 200, "hello", CLOSES },
  { "neither, and nothing", ok("X: y", "", ""), 200, "", CLOSES },
  { "neither, over the limit", ok("X: y", "", ("x"):rep(1001)), "protocol", nil, CLOSES },
  { "neither, and no end", ok("X: y", "", "hello"), "timeout" },
  { "neither, and a reset", ok("X: y", "", "hello"), "network", nil, { after = "reset" } },
  { "HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhello", 200, "hello", CLOSES },
  { "HTTP/1.0 with a length", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello" },
  { "a connection that is to be closed", ok("Connection: x, Close", "Content-Length: 5", "", "hello"), 200, "hello" },
  -- Heads that come before.
  { "100 before the answer", "HTTP/1.1 100 Continue\r\n\r\n" .. length "5", 200, "hello", KEEPS },
  { "102 before the answer", "HTTP/1.1 102 Processing\r\n\r\n" .. length "5", 200, "hello", KEEPS },
  { "103 before the answer", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 3\r\n\r\n" .. length "5", 200,
    "hello", KEEPS },
  { "several before the answer", ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"):rep(4)
    .. length "5", 200, "hello", KEEPS },
  { "103 before a refusal", "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno", 401, "no",
    KEEPS },
  { "nothing after 103", "HTTP/1.1 103 Early Hints\r\n\r\n", "network", nil, CLOSES },
  { "another protocol",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhello", "protocol", nil, DIFFERS },
  { "103 without end", ("HTTP/1.1 103 Early Hints\r\nX: " .. ("x"):rep(1000) .. "\r\n\r\n"):rep(300), "protocol" },
  -- Without a body.
  { "204", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", KEEPS },
  { "204 with a length", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", 204, "" },
  { "204 with chunks",
    "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 204, "" },
  { "304 with the length of what is not sent",
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, "", KEEPS },
  -- Statuses.
  { "a redirect", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 302, "", KEEPS },
  { "a status without a reason", "HTTP/1.1 404\r\nContent-Length: 5\r\n\r\nhello", 404, "hello", KEEPS },
  { "a status that nobody knows", "HTTP/1.1 799 ?\r\nContent-Length: 5\r\n\r\nhello", 799, "hello", KEEPS },
  -- More than the answer.
  { "another answer behind it", length "5" .. FORGED, 200, "hello" },
  { "another answer behind chunks", chunked("5", "hello", "0", "", "") .. FORGED, 200, "hello" },
  { "another answer behind 204", "HTTP/1.1 204 No Content\r\n\r\n" .. FORGED, 204, "" },
  { "a line end behind it", length "5" .. "\r\n", 200, "hello" },
  { "another answer behind one of no length", length("0", "") .. FORGED, 200, "" },
  { "another answer behind a broken one", length("-1", "") .. FORGED, "protocol", nil, DIFFERS },
  { "another answer behind a body over the limit", length("1001", ("x"):rep(1001)) .. FORGED, "protocol" },
  -- Codings of the content, for which nobody has asked.
  { "a content as it is", ok("Content-Encoding: identity", "Content-Length: 5", "", "hello"), 200, "hello", KEEPS },
  { "a content that is coded", ok("Content-Encoding: x-own", "Content-Length: 5", "", "hello"), "protocol" },
  { "a content that says gzip", ok("Content-Encoding: gzip", "Content-Length: 5", "", "hello"), "protocol" },
  -- What is no answer.
  { "nothing", "", "network", nil, CLOSES },
  { "nothing at all", "", "timeout" },
  { "half a status line", "HTTP/1.1 20", "network", nil, CLOSES },
  { "half a head", ok("Content-Length: 5", "X: "), "network", nil, CLOSES },
  { "another protocol's greeting", "SSH-2.0-OpenSSH\r\n", "protocol" },
  { "another protocol's greeting without a line end", "\0\0\0\24\4\0\0", "protocol" },
  { "an empty line first", "\r\n" .. length "5", "protocol" },
  { "HTTP/2 in words", "HTTP/2 200\r\nContent-Length: 5\r\n\r\nhello", "protocol", nil, DIFFERS },
  { "HTTP/3.1", "HTTP/3.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "protocol", nil, DIFFERS },
  { "a status of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 5\r\n\r\nhello", "protocol" },
  { "a status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 5\r\n\r\nhello", "protocol" },
  { "a status below 100", "HTTP/1.1 099 OK\r\nContent-Length: 5\r\n\r\nhello", "protocol", nil, DIFFERS },
  { "a header without a name", ok("Content-Length: 5", ": x", "", "hello"), "protocol", nil, DIFFERS },
  { "a header without a colon", ok("Content-Length: 5", "hello", "", "hello"), "protocol" },
  { "a blank in a header's name", ok("Content-Length : 5", "", "hello"), "protocol", nil, DIFFERS },
  { "a null byte in a header", ok("X: a\0b", "Content-Length: 5", "", "hello"), "protocol", nil, DIFFERS },
  { "a carriage return in a header",
    ok("X: a\rContent-Length: 3", "Content-Length: 5", "", "hello"), "protocol", nil, DIFFERS },
  { "a first header that goes on", ok(" X: a", "Content-Length: 5", "", "hello"), "protocol", nil, DIFFERS },
  { "a header over the limit", ok("X: " .. ("x"):rep(LONG), "Content-Length: 5", "", "hello"), "protocol" },
  { "headers over the limit", ok(("X: " .. ("x"):rep(1000) .. "\r\n"):rep(300) .. "Content-Length: 5", "", "hello"),
    "protocol" },
}

return answers
