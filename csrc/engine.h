/* HTTP transfers over libcurl. Connections are pooled and reused, but never one on which
 * something waits unread. The engine keeps a deadline for every transfer and limits the
 * size of every answer. Over TLS, transfers share HTTP/2 connections; they wait at most
 * 250 ms to learn whether the first one is HTTP/2, or for room on those there are.
 *
 * One engine serves all clients of an event loop. Transfers with the same transport share
 * a pool of connections, whoever starts them. A pool is made when it is needed; at most
 * eight that carry nothing are kept, those used last. A file that a transport names is
 * looked at when a transfer starts, once a millisecond at most: if it was replaced, a new
 * pool reads it anew.
 *
 * The engine knows nothing of Lua and has no callbacks. A transfer is started, the engine
 * is driven (by polling, or by socket events of an event loop), and finished transfers
 * wait in a queue until the owner takes or releases them.
 *
 * Ownership: the engine owns all transfers and copies what it is given. A transfer is
 * named by an id that is never used twice, so a stale id is harmless. The result of
 * engine_take lives until engine_give_back.
 *
 * Threads: one thread uses an engine at a time.
 *
 * Fork: a child must neither use nor clean up libcurl's handles: the clean-up would write
 * to the parent's TLS connections. The first call in a child abandons them all, and
 * transfers in flight there end as ENGINE_FORKED.
 *
 * Failure: only engine_new and engine_start fail. A transfer always ends, as an answer or
 * as another outcome. */
#ifndef AOM_ENGINE_H
#define AOM_ENGINE_H

#include "buffer.h"
#include <stdint.h>

#pragma GCC visibility push(hidden)

typedef struct engine engine;
typedef uint64_t engine_id; /* 0 is no transfer */

typedef enum engine_outcome {
  ENGINE_ANSWERED, /* a whole HTTP answer, of any status */
  ENGINE_NETWORK,  /* DNS, connect, reset, closed early */
  ENGINE_TIMEOUT,
  ENGINE_TLS,
  ENGINE_PROTOCOL,  /* the answer makes no sense */
  ENGINE_LIMIT,     /* the answer is over a limit */
  ENGINE_TOO_LARGE, /* the request is */
  ENGINE_SETUP,     /* libcurl refused an option: a file or a proxy is wrong */
  ENGINE_MEMORY,
  ENGINE_DESCRIPTORS, /* the process, or the system, has no file descriptor left */
  ENGINE_FORKED
} engine_outcome;

/* Texts that a connection depends on. Names of files come first. */
typedef enum engine_text {
  ENGINE_CA_FILE,     /* PEM bundle; NULL: libcurl's own */
  ENGINE_CLIENT_CERT, /* PEM; NULL: none */
  ENGINE_CLIENT_KEY,  /* PEM; NULL: in the certificate's file */
  ENGINE_FILES,
  ENGINE_CA_PATH = ENGINE_FILES, /* folders of hashed names; NULL: libcurl's; "": none */
  ENGINE_CA_PEM,                 /* a bundle itself, in place of ENGINE_CA_FILE */
  ENGINE_KEY_PASSWORD,           /* of the client's key; NULL: none */
  ENGINE_PROXY,                  /* NULL: environment variables; "": none */
  ENGINE_TEXTS
} engine_text;

/* What a connection depends on. */
typedef struct engine_transport {
  slice texts[ENGINE_TEXTS]; /* data is NULL where there is none */
  bool insecure;             /* no verification of the peer */
} engine_transport;

typedef struct engine_request {
  slice method;
  slice base;   /* scheme://authority */
  slice target; /* encoded path?query, sent as it is */
  const pair *headers;
  size_t header_count;
  slice body;
  engine_transport transport;
  const char *user_agent; /* NULL: none */
  size_t max_body;        /* of the answer, in bytes, after decompression */
  size_t max_head;        /* bytes of all its headers */
  long connect_timeout_ms;
  long timeout_ms;
  bool fresh_connection; /* never on a reused one, which may be dead without a sign */
  bool no_proxy;         /* straight to the host, even if a proxy is configured */
  bool all_headers;      /* keeps those of the answer; else the few that matter, once */
  unsigned long
      series; /* requests with the same number have no body, no control byte, and
               * differ in their targets and the values of headers alone; 0: of none */
} engine_request;

typedef struct engine_result {
  size_t slot; /* the engine's own */
  engine_outcome outcome;
  int code;          /* CURLcode */
  const char *text;  /* libcurl's words; never NULL */
  const char *fault; /* of TLS: see engine_tls_fault.c; NULL: not known */
  bool sent;         /* the server may have seen the request */
  bool refused;      /* it has, and says that it did nothing about it */
  long proxy_status; /* with which a proxy refused; else 0 */
  long status;       /* HTTP status; 0 without an answer */
  slice body;
  const char *headers; /* name, NUL, value, NUL in turn; names in lower case */
  size_t header_count;
} engine_result;

/* The monotonic clock in milliseconds, and in seconds. */
int64_t engine_now(void);
double engine_seconds(void);

/* The text for ENGINE_DESCRIPTORS. */
extern const char engine_no_descriptors[];

bool engine_fds_are_used_up(void); /* or too few are left to look a name up */

/* NULL: memory is short, or libcurl can't be initialised. */
engine *engine_new(void);
void engine_free(engine *e); /* also with transfers in flight, and NULL */

/* 0 on failure, with the reason in *why: ENGINE_MEMORY, ENGINE_DESCRIPTORS,
 * ENGINE_TOO_LARGE, or ENGINE_SETUP for a control byte in a header or the target, or for
 * an option libcurl refused. */
engine_id engine_start(engine *e, const engine_request *request, engine_outcome *why);

/* Drives all transfers. Waits up to `timeout_ms` for the first to finish; with
 * 0 it does what can be done at once. It may come back earlier with none. */
void engine_poll(engine *e, int timeout_ms);

/* Takes the next finished transfer off the queue; 0 when there is none. */
engine_id engine_next_finished(engine *e);

/* Whether this one has finished, and no other one that has waits to be taken. */
bool engine_has_only_finished(engine *e, engine_id id);

/* The result of a finished transfer that is not taken out; NULL: as engine_take. */
const engine_result *engine_look(engine *e, engine_id id);

/* Takes a finished transfer out: from then on its id names nothing. NULL: unknown id, or
 * still in flight (then engine_is_running says so). */
const engine_result *engine_take(engine *e, engine_id id);
void engine_give_back(engine *e, const engine_result *taken);

bool engine_is_running(engine *e, engine_id id);
/* Whether its connection was ready for the request, so that now the server is awaited. */
bool engine_is_sent(engine *e, engine_id id);
size_t engine_running(engine *e);

/* Ends the transfer if it is in flight, and forgets it. */
void engine_release(engine *e, engine_id id);

/* --- driving by socket events ------------------------------------------------------ */

typedef struct engine_wish {
  int fd;
  bool read;
  bool write; /* neither: stop watching */
  bool fresh; /* libcurl has closed the socket since: this is another one */
} engine_wish;

/* From now on the changes of what libcurl waits for are kept: ask for them after every
 * other call, until there are none. All of it counts as changed now. */
void engine_watch(engine *e);
bool engine_next_wish(engine *e, engine_wish *wish);

/* Milliseconds until engine_on_timeout must be called; -1: no timer. */
long engine_timer(engine *e);
void engine_on_timeout(engine *e);
void engine_on_socket(engine *e, int fd, bool readable, bool writable);

/* --- versions ---------------------------------------------------------------------- */

typedef struct engine_versions {
  const char *built;
  const char *running;
  const char *tls;
  bool http2;
} engine_versions;

void engine_get_versions(engine_versions *versions);

/* The file and the folder that libcurl trusts by itself; NULL: none, or not known. */
void engine_get_authorities(const char **file, const char **folder);

#pragma GCC visibility pop

#endif
