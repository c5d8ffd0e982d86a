/* The floor of a bulk: libcurl alone with many easy handles, nothing signed and nothing
 * decoded.
 *
 *     curl_crowd URL CA_FILE|- time COUNT AT_ONCE ROUNDS
 *     curl_crowd URL CA_FILE|- memory CROWD
 *
 * Prints the seconds that COUNT requests take, AT_ONCE at a time: of the first round,
 * which connects after a single request, and the median of ROUNDS later ones. Or the
 * kilobytes that each of CROWD requests in flight takes. */
#include "clock.h"
#include "floor_request.h"
#include <stdio.h>
#include <stdlib.h>

enum { STREAMS = 100, MAX_ROUNDS = 100 }; /* the streams of a connection of HTTP/2 */

typedef struct crowd {
  CURLM *multi;
  CURL **handles;
  size_t made;
  const char *url, *ca_file;
} crowd;

static double resident_kb(void) {
  char line[256];
  long kb = 0;
  FILE *status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status))
    if (sscanf(line, "VmRSS: %ld kB", &kb) == 1)
      break;
  if (status)
    fclose(status);
  return (double)kb;
}

static CURL *make(const crowd *c) {
  CURL *easy = make_request(c->url, c->ca_file);
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
  return easy;
}

/* Ends the program if one fails. Returns how many have ended. */
static size_t collect(const crowd *c, size_t *waiting) {
  CURLMsg *message;
  int left;
  size_t ended = 0;
  while ((message = curl_multi_info_read(c->multi, &left))) {
    CURL *easy = message->easy_handle;
    if (message->data.result != CURLE_OK) {
      fprintf(stderr, "curl_crowd: %s\n", curl_easy_strerror(message->data.result));
      exit(1);
    }
    curl_multi_remove_handle(c->multi, easy);
    ended++;
    if (*waiting > 0) {
      (*waiting)--;
      curl_multi_add_handle(c->multi, easy);
    }
  }
  return ended;
}

static void run(crowd *c, size_t count, size_t at_once, double *most_kb) {
  size_t waiting = count - at_once;
  for (; c->made < at_once; c->made++)
    c->handles[c->made] = make(c);
  for (size_t i = 0; i < at_once; i++)
    curl_multi_add_handle(c->multi, c->handles[i]);
  for (size_t ended = 0; ended < count;) {
    int running;
    curl_multi_perform(c->multi, &running);
    double kb = most_kb ? resident_kb() : 0;
    if (most_kb && kb > *most_kb)
      *most_kb = kb;
    ended += collect(c, &waiting);
    if (ended < count)
      curl_multi_poll(c->multi, NULL, 0, 1000, NULL);
  }
}

/* As the library does, it opens no more connections of HTTP/2 than carry all. */
static void begin(crowd *c, size_t at_once) {
  c->multi = curl_multi_init();
  c->handles = calloc(at_once, sizeof(CURL *));
  if (!c->multi || !c->handles)
    exit(1);
  curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)at_once);
  run(c, 1, 1, NULL);
  long version = 0;
  curl_easy_getinfo(c->handles[0], CURLINFO_HTTP_VERSION, &version);
  if (version == CURL_HTTP_VERSION_2_0)
    curl_multi_setopt(c->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                      (long)(at_once / STREAMS + 2));
}

static void end(crowd *c) {
  for (size_t i = 0; i < c->made; i++)
    curl_easy_cleanup(c->handles[i]);
  curl_multi_cleanup(c->multi);
  free(c->handles);
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double timed(crowd *c, size_t count, size_t at_once) {
  double start = seconds_now();
  run(c, count, at_once, NULL);
  return seconds_now() - start;
}

static void measure_time(crowd *c, size_t count, size_t at_once, size_t rounds) {
  double seconds[MAX_ROUNDS];
  if (rounds < 1 || rounds > MAX_ROUNDS || at_once > count)
    exit(2);
  begin(c, at_once);
  double first = timed(c, count, at_once);
  for (size_t i = 0; i < rounds; i++)
    seconds[i] = timed(c, count, at_once);
  qsort(seconds, rounds, sizeof *seconds, by_size);
  printf("%.4f %.4f\n", first, seconds[rounds / 2]);
}

static void measure_memory(crowd *c, size_t at_once) {
  begin(c, at_once);
  double before = resident_kb(), most = before;
  run(c, at_once, at_once, &most);
  printf("%.1f\n", (most - before) / (double)at_once);
}

int main(int argc, char **argv) {
  if (argc < 5)
    return 2;
  crowd c = {.url = argv[1], .ca_file = argv[2]};
  size_t count = strtoul(argv[4], NULL, 10);
  if (strcmp(argv[3], "memory") == 0)
    measure_memory(&c, count);
  else if (argc == 7)
    measure_time(&c, count, strtoul(argv[5], NULL, 10), strtoul(argv[6], NULL, 10));
  else
    return 2;
  end(&c);
  return 0;
}
