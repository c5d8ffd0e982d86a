/* Preloaded: libcurl trusts the folder OWN_FOLDER by itself and, as since 8.21, also
 * where it is told NULL. */
#define _GNU_SOURCE
#include <curl/curl.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>

#undef curl_easy_setopt

CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...) {
  static CURLcode (*real)(CURL *, CURLoption, ...);
  if (!real)
    *(void **)&real = dlsym(RTLD_NEXT, "curl_easy_setopt");
  va_list values;
  va_start(values, option);
  void *value = va_arg(values, void *); /* as wide as a long and a curl_off_t */
  va_end(values);
  if (option == CURLOPT_CAPATH && !value)
    value = getenv("OWN_FOLDER");
  return real(easy, option, value);
}

CURL *curl_easy_init(void) {
  static CURL *(*real)(void);
  if (!real)
    *(void **)&real = dlsym(RTLD_NEXT, "curl_easy_init");
  CURL *easy = real();
  if (easy)
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
  return easy;
}

curl_version_info_data *curl_version_info(CURLversion age) {
  static curl_version_info_data *(*real)(CURLversion), changed;
  if (!real)
    *(void **)&real = dlsym(RTLD_NEXT, "curl_version_info");
  changed = *real(age);
  changed.version_num = 0x081500;
  return &changed;
}
