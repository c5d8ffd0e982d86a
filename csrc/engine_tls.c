/* What OpenSSL has decrypted and libcurl has not read.
 *
 * OpenSSL decrypts whole records, of which libcurl 7.88 asks for no more than the body's
 * length: what a record holds beyond that stays in OpenSSL, where no socket shows it. */
#include "engine_internal.h"
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <string.h>

bool engine_tls_is_shared(void) {
  static const char name[] = "OpenSSL/";
  const char *theirs = curl_version_info(CURLVERSION_NOW)->ssl_version;
  if (!theirs || strncmp(theirs, name, sizeof name - 1) != 0)
    return false;
  theirs += sizeof name - 1;
  const char *ours = OpenSSL_version(OPENSSL_VERSION_STRING);
  size_t len = strlen(ours);
  return strncmp(theirs, ours, len) == 0 && (theirs[len] == '\0' || theirs[len] == ' ');
}

void engine_tls_note(transfer *t) {
  struct curl_tlssessioninfo *session = NULL;
  if (t->secure && t->owner->shares_openssl &&
      curl_easy_getinfo(t->easy, CURLINFO_TLS_SSL_PTR, &session) == CURLE_OK && session &&
      session->backend == CURLSSLBACKEND_OPENSSL)
    t->tls = session->internals;
}

int engine_tls_unread(const transfer *t) {
  /* Without a socket the connection has gone, and its session with it. */
  curl_socket_t fd = CURL_SOCKET_BAD;
  if (!t->tls || curl_easy_getinfo(t->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK ||
      fd == CURL_SOCKET_BAD)
    return -1;
  return SSL_pending(t->tls) > 0 ? (int)fd : -1;
}
