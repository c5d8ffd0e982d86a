/* What the engine's own files share. Nobody else includes this. */
#ifndef AOM_ENGINE_INTERNAL_H
#define AOM_ENGINE_INTERNAL_H

#include "engine.h"
#include <curl/curl.h>
#include <sys/types.h>

#pragma GCC visibility push(hidden)

typedef enum transfer_state {
  TRANSFER_FREE,
  TRANSFER_RUNNING,
  TRANSFER_DONE
} transfer_state;

/* One slot of the engine. Its easy handle and its buffers stay when it is
 * released, so that the next request through it allocates almost nothing. */
typedef struct transfer {
  engine *owner;
  size_t slot;
  engine_id id; /* 0 when free */
  transfer_state state;
  CURL *easy;

  buffer url;
  buffer header_text;         /* our header lines, each NUL-terminated */
  struct curl_slist *headers; /* nodes into header_text */
  size_t header_room;
  buffer request_body;

  buffer body; /* the answer's */
  buffer kept; /* name, NUL, value, NUL of the headers we keep */
  size_t kept_count;
  size_t head_bytes;
  bool over_limit;

  char error[CURL_ERROR_SIZE];
  engine_result result;
  struct transfer *next; /* in the queue of finished ones, or of free slots */
} transfer;

/* A socket that libcurl waits for, and whether the event loop has been told. */
typedef struct watched {
  engine_wish wish;
  bool changed;
} watched;

/* A socket that is open, told from what else may get its number one day. */
typedef struct opened {
  int fd;
  ino_t inode;
} opened;

struct engine {
  CURLM *multi;
  unsigned long generation; /* of the process that made `multi` */
  char *ca_file;
  buffer proxy; /* no data: whatever the environment says. May hold a password */
  char *user_agent;
  bool insecure;
  size_t max_body;
  size_t max_head;

  transfer **slots;
  size_t slot_count;
  size_t running;
  engine_id serial;
  transfer *done_first;
  transfer *done_last;
  transfer *free_first;

  bool watching; /* an event loop wants to know what changes */
  watched *sockets;
  struct pollfd *polled; /* as long as `sockets` has room */
  size_t socket_count;
  size_t socket_room;
  opened *opened;
  size_t opened_count;
  size_t opened_room;
  bool timer_set;
  long timer_due; /* milliseconds of the monotonic clock */
};

/* engine_transfer.c: what goes out. */
bool transfer_prepare(transfer *t, const engine_request *request, engine_outcome *why);
void transfer_clear(transfer *t);
void transfer_free(transfer *t);

/* engine_answer.c: what comes back. */
size_t transfer_on_header(char *line, size_t size, size_t count, void *user);
size_t transfer_on_body(char *bytes, size_t size, size_t count, void *user);
void transfer_finish(transfer *t, CURLcode code);
void transfer_fail(transfer *t, engine_outcome outcome, const char *text);

/* engine_watch.c: libcurl's wishes for sockets and timers. */
bool engine_watch_install(engine *e);
void engine_watch_forget(engine *e);

/* engine_fds.c: the sockets that are open. */
bool engine_fds_install(engine *e, CURL *easy);
void engine_fds_abandon(engine *e); /* in a forked child */

/* engine.c */
bool engine_enter(engine *e);
void engine_drain(engine *e); /* moves finished transfers from libcurl to the queue */
void engine_break(engine *e, CURLMcode code);

#pragma GCC visibility pop

#endif
