/* What a connection depends on: whom it trusts, who it says it is, and its proxy. */
#include "engine_internal.h"

static const char *text_of(const transfer *t, engine_text which) {
  return t->pool->texts[which].data;
}

static bool set_text(transfer *t, CURLoption option, engine_text which) {
  const char *text = text_of(t, which);
  return !text || took_option(t, curl_easy_setopt(t->easy, option, text));
}

/* libcurl only reads the text, which lives as long as the pool. */
static bool set_pem(transfer *t, CURLoption option) {
  const buffer *pem = &t->pool->texts[ENGINE_CA_PEM];
  if (!pem->data)
    return true;
#if LIBCURL_VERSION_NUM >= 0x074d00
  struct curl_blob blob = {.data = pem->data, .len = pem->len, .flags = CURL_BLOB_NOCOPY};
  return took_option(t, curl_easy_setopt(t->easy, option, &blob));
#else
  (void)option;
  return false;
#endif
}

/* libcurl has a folder of authorities of its own, beside the file. To libcurl NULL means
 * none, and since 8.21 its own: then a path that is no folder means none. */
static bool set_folder(transfer *t, CURLoption option) {
  const char *folder = text_of(t, ENGINE_CA_PATH);
  if (!folder)
    return true;
  if (!*folder)
    folder =
        curl_version_info(CURLVERSION_NOW)->version_num < 0x081500 ? NULL : "/dev/null";
  return took_option(t, curl_easy_setopt(t->easy, option, folder));
}

static bool set_trust(transfer *t) {
  bool ok = set_text(t, CURLOPT_CAINFO, ENGINE_CA_FILE);
  ok &= set_text(t, CURLOPT_PROXY_CAINFO, ENGINE_CA_FILE);
  ok &= set_folder(t, CURLOPT_CAPATH);
  ok &= set_folder(t, CURLOPT_PROXY_CAPATH);
#if LIBCURL_VERSION_NUM >= 0x074d00
  ok &= set_pem(t, CURLOPT_CAINFO_BLOB);
  return ok && set_pem(t, CURLOPT_PROXY_CAINFO_BLOB);
#else
  return ok && set_pem(t, CURLOPT_CAINFO);
#endif
}

/* Without any password OpenSSL would ask for one at the terminal. */
static bool set_identity(transfer *t) {
  if (!text_of(t, ENGINE_CLIENT_CERT))
    return true;
  bool ok = set_text(t, CURLOPT_SSLCERT, ENGINE_CLIENT_CERT);
  ok &= set_text(t, CURLOPT_SSLKEY, ENGINE_CLIENT_KEY);
  const char *password = text_of(t, ENGINE_KEY_PASSWORD);
  return ok && took_option(t, curl_easy_setopt(t->easy, CURLOPT_KEYPASSWD,
                                               password ? password : ""));
}

bool engine_transport_set(transfer *t) {
  long verifies = t->pool->insecure ? 0L : 1L;
  bool ok = took_option(t, curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, verifies));
  ok &= took_option(t, curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, 2L * verifies));
  const long version = CURL_SSLVERSION_TLSv1_2;
  ok &= took_option(t, curl_easy_setopt(t->easy, CURLOPT_SSLVERSION, version));
  ok &= took_option(t, curl_easy_setopt(t->easy, CURLOPT_PROXY_SSLVERSION, version));
  return ok && set_trust(t) && set_identity(t) &&
         set_text(t, CURLOPT_PROXY, ENGINE_PROXY);
}
