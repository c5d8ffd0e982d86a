/* What the engine's own files share. Nobody else includes this. */
#ifndef AOM_ENGINE_INTERNAL_H
#define AOM_ENGINE_INTERNAL_H

#include "engine.h"
#include <curl/curl.h>
#include <sys/stat.h>

#pragma GCC visibility push(hidden)

typedef enum transfer_state {
  TRANSFER_FREE,
  TRANSFER_RUNNING,
  TRANSFER_DONE
} transfer_state;

/* How far transfer_on_body has seen the first header, before libcurl has: see
 * engine_answer.c. */
typedef enum transfer_preview {
  PREVIEW_NONE,
  PREVIEW_LINE, /* its beginning comes next */
  PREVIEW_REST
} transfer_preview;

/* Which file a name stood for, and in which state. */
typedef struct file_state {
  dev_t device;
  ino_t inode;
  off_t size;
  struct timespec modified;
} file_state;

/* The connections of one transport: a multi handle of libcurl's. */
typedef struct pool {
  engine *owner;
  CURLM *multi;
  buffer texts[ENGINE_TEXTS]; /* no data: none. They may hold a password */
  file_state files[ENGINE_FILES];
  int64_t looked_at; /* when they were found like that */
  bool insecure;
  size_t running;
  size_t most;     /* that were running at once */
  bool in_turn;    /* it has met HTTP/1, where a connection carries one after another */
  bool broken;     /* its multi handle has reported an error, and begins nothing more */
  size_t unserved; /* have waited in vain for a connection of HTTP/2 that is not full */
  struct transfer *free_first;
  bool timer_set;
  int64_t timer_due; /* libcurl's */
  struct pool *next; /* used before this one */
} pool;

/* One slot of the engine. Its easy handle and its buffers stay when it is
 * released, so that the next request through it allocates almost nothing. */
typedef struct transfer {
  engine *owner;
  pool *pool; /* whose settings `easy` has; NULL: it has none */
  size_t slot;
  engine_id id; /* 0 when free */
  transfer_state state;
  CURL *easy;
  unsigned long series; /* of the request that it is set for; 0: of none */

  int64_t started, deadline; /* on the engine's clock, as all times here */
  int64_t due;               /* when to look at it next: the deadline, or before */
  size_t due_place;          /* in the heap, from 1, while in flight */
  long connect_timeout_ms;
  bool secure;        /* https */
  bool may_use_proxy; /* the environment may name one */
  bool shares;        /* libcurl may hold it back behind others' connections */
  bool begun;         /* libcurl looks a name up for it, or has opened a socket */
  int socket;         /* the last that was opened for it, until it is closed; or -1 */
  bool was_connected; /* that socket, when it was closed */
  void *tls;          /* OpenSSL's session of its connection, libcurl's; or NULL */

  int64_t sent_at; /* when libcurl began to send it; 0: not yet, or libcurl is too old */
  int port;        /* ours, of the connection it was sent on */
  bool reuses;     /* that connection had carried others before */
  bool denied;     /* libcurl wanted to send it again ... */
  bool refused;    /* ... because the server has not touched it */

  CURLU *site;                /* parsed from `base`; NULL: made at first use */
  buffer base;                /* scheme://authority, kept from request to request */
  buffer target;              /* path?query, or the whole URL for a proxy */
  buffer header_text;         /* our header lines, each NUL-terminated */
  struct curl_slist *headers; /* nodes into header_text */
  size_t header_room;
  struct curl_slist agent; /* the line of them that a proxy is told */
  bool unpacks;            /* libcurl knows gzip */
  buffer request_body;

  buffer body; /* the answer's */
  buffer kept; /* name, NUL, value, NUL of the headers we keep */
  size_t kept_count;
  bool keeps_all;
  bool kept_last; /* the last line is kept, and the next one may go on with it */
  size_t head_bytes;
  size_t max_head;
  bool over_limit;
  bool head_ended;    /* an empty line came; libcurl does without one at the end */
  bool awaits_status; /* the next line begins a head */
  transfer_preview preview;
  bool folded; /* the first line after the status is a continuation */
  bool no_memory;
  bool no_descriptors; /* for a socket */

  char error[CURL_ERROR_SIZE];
  engine_result result;
  struct transfer *next; /* in the queue of finished ones, or of free slots */
} transfer;

/* A socket that libcurl waits for, and whether the event loop has been told. */
typedef struct watched {
  engine_wish wish;
  pool *pool;
  bool changed;
  int64_t since, look_at; /* while it connects: from when on, and when to look again */
} watched;

/* A socket that is open, told from what else may get its number one day. */
typedef struct opened {
  int fd;
  ino_t inode;
  pool *pool;
  transfer *opener;     /* which may be about another request by now; NULL: none */
  engine_id opened_for; /* that request's */
  bool in_turn; /* a connection of HTTP/1, which carries one exchange after another */
} opened;

struct engine {
  pool *pools;              /* the one used last first */
  unsigned long generation; /* of the process that made them */
  bool shares_openssl;      /* libcurl uses the OpenSSL that this module uses */
  bool denies_resends;      /* libcurl lets the engine keep it from sending twice */
  bool previews_headers;    /* libcurl must not see a folded first header */

  transfer **slots;
  size_t slot_count;
  size_t running;
  engine_id serial;
  transfer *done_first;
  transfer *done_last;
  transfer *free_first;

  transfer **due; /* heap of those in flight; as long as `slots` */
  size_t due_count;

  bool watching; /* an event loop wants to know what changes */
  watched *sockets;
  struct pollfd *polled; /* as long as `sockets` has room */
  size_t socket_count;
  size_t socket_room;
  opened *opened;
  size_t opened_count;
  size_t opened_room;
};

/* engine_pool.c: pools of connections. */
pool *engine_pool_find(engine *e, const engine_request *request); /* NULL: it failed */
void engine_pool_enter(const transfer *t);                        /* it begins */
void engine_pool_unshare(pool *p); /* it is `in_turn` now */
void engine_pool_widen(pool *p);   /* one more is `unserved` */
void engine_pool_free(pool *p);    /* with nothing running */
void engine_pool_trim(engine *e);

/* engine_transfer.c: the request. False: libcurl refused an option, a buffer is full, or
 * memory is short; *why tells. */
bool transfer_prepare(transfer *t, const engine_request *request, engine_outcome *why);
void transfer_clear(transfer *t);
void transfer_free(transfer *t);

/* engine_headers.c: its header lines. False: as above. */
bool transfer_write_headers(transfer *t, const engine_request *request);
bool transfer_set_headers(transfer *t, const engine_request *request); /* once written */
slice request_agent(const engine_request *request);                    /* may be empty */

bool request_is_secure(const engine_request *request); /* https */
bool request_may_use_proxy(
    const engine_request *request); /* or the environment names one */

static inline bool took_option(transfer *t, CURLcode code) {
  if (code == CURLE_OUT_OF_MEMORY)
    t->no_memory = true;
  return code == CURLE_OK;
}

/* engine_transport.c: the options of the connection. False: libcurl refused one. */
bool engine_transport_set(transfer *t);

/* engine_answer.c: the answer. */
size_t transfer_on_header(char *line, size_t size, size_t count, void *user);
size_t transfer_on_body(char *bytes, size_t size, size_t count, void *user);
bool transfer_needs_preview(void);
bool transfer_end_preview(transfer *t); /* false: libcurl refused the option */
void transfer_finish(transfer *t, CURLcode code);

/* engine_outcome.c: why there is no answer. Texts are static, or the transfer's. */
extern const char engine_no_memory[];
bool transfer_is_sent(const transfer *t);  /* its connection is ready, so it goes out */
bool transfer_is_begun(const transfer *t); /* false: it may be held behind another one */
const char *transfer_late(transfer *t);    /* says what it took too long for */
void transfer_judge(transfer *t, CURLcode code);
void transfer_fail(transfer *t, engine_outcome outcome, const char *text);

/* engine_tls_fault.c: what was wrong with TLS, in a static word; NULL: not known. */
const char *engine_tls_fault(const transfer *t, CURLcode code);

/* engine_deadline.c: when each transfer in flight must end. The heap has room for all. */
void engine_deadline_set(engine *e, transfer *t);
void engine_deadline_drop(engine *e, transfer *t); /* one that is in flight */
void engine_deadline_expire(engine *e);            /* ends what is due */
void engine_deadline_hurry(pool *p); /* those held back need not wait any longer */
int64_t engine_deadline_next(const engine *e); /* INT64_MAX: nothing is due */

/* engine_watch.c: the sockets and the timer that libcurl waits for. */
bool engine_watch_install(pool *p);
void engine_watch_leave(const pool *p);   /* one that is gone */
bool engine_watch_has(engine *e, int fd); /* whether libcurl waits for that socket */

/* engine_idle.c: connections between two exchanges. */
void engine_idle_note(const transfer *t); /* one that has finished */
void engine_idle_check(engine *e);        /* before libcurl chooses a connection */

/* engine_http2.c: an attempt is one request, on a connection that works. */
bool engine_http2_install(transfer *t); /* false: libcurl may send it twice in silence */
bool transfer_may_send(transfer *t);    /* false: it went out before; `denied` is set */
void engine_http2_late(engine *e, const transfer *t); /* one that took too long */

/* engine_tls.c: what OpenSSL holds that libcurl has not read. */
bool engine_tls_is_shared(void);
void engine_tls_note(transfer *t);        /* while it is under way */
int engine_tls_unread(const transfer *t); /* one that has finished: its socket, or -1 */

/* engine_fds.c: the sockets that are open. */
bool engine_fds_install(transfer *t);
bool transfer_is_connected(const transfer *t);
void engine_fds_next(int numbers[2]); /* before the multi handle is made ... */
void engine_fds_note_pair(pool *p, const int numbers[2]); /* ... and after */
void engine_fds_leave(const pool *p);                     /* one that is gone */
void engine_fds_abandon(engine *e);                       /* in a forked child */

/* engine.c */
void engine_enter(engine *e); /* every public call passes here */
void engine_drain(pool *p);   /* moves finished transfers from libcurl to the queue */
void engine_break(pool *p, CURLMcode code);
void engine_give_slot(engine *e, transfer *t);
/* One in flight. The text is static, or the transfer's. */
void engine_end(engine *e, transfer *t, engine_outcome outcome, const char *text);

#pragma GCC visibility pop

#endif
