/* Preloaded: OpenSSL does not find a digest when it is asked for one for the first time,
 * as where memory is short. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <openssl/evp.h>

EVP_MD *EVP_MD_fetch(OSSL_LIB_CTX *context, const char *name, const char *properties) {
  static EVP_MD *(*real)(OSSL_LIB_CTX *, const char *, const char *);
  if (real)
    return real(context, name, properties);
  *(void **)&real = dlsym(RTLD_NEXT, "EVP_MD_fetch");
  return NULL;
}
