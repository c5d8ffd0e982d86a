/* What was wrong with TLS, by OpenSSL's numbers: its words differ between versions. */
#include "engine_internal.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>

/* libcurl leaves "unspecified" where it has refused a certificate itself, for its names.
 */
static const char *fault_of_certificate(const transfer *t) {
  long result = X509_V_OK, of_proxy = X509_V_OK;
  curl_easy_getinfo(t->easy, CURLINFO_SSL_VERIFYRESULT, &result);
  if (t->may_use_proxy)
    curl_easy_getinfo(t->easy, CURLINFO_PROXY_SSL_VERIFYRESULT, &of_proxy);
  switch (of_proxy > X509_V_ERR_UNSPECIFIED ? of_proxy : result) {
  case X509_V_OK:
  case X509_V_ERR_UNSPECIFIED:
  case X509_V_ERR_HOSTNAME_MISMATCH:
  case X509_V_ERR_IP_ADDRESS_MISMATCH:
    return "name";
  case X509_V_ERR_CERT_HAS_EXPIRED:
    return "expired";
  case X509_V_ERR_CERT_NOT_YET_VALID:
    return "early";
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
  case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
  case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
  case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
  case X509_V_ERR_CERT_UNTRUSTED:
    return "authority";
  default:
    return NULL;
  }
}

/* An alert of the peer's, and what OpenSSL finds wrong itself. */
static const char *fault_of_handshake(int reason, bool has_certificate) {
  switch (reason) {
  case SSL_R_WRONG_VERSION_NUMBER: /* of the first record: it is no TLS at all */
  case SSL_R_PACKET_LENGTH_TOO_LONG:
    return "plain";
  case SSL_R_UNSUPPORTED_PROTOCOL:
  case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    return "version";
#ifdef SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED
  case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
#endif
  case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    return has_certificate ? "identity" : "anonymous";
  case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
  case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
  case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
  case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
  case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    return has_certificate ? "identity" : NULL;
  default:
    return NULL;
  }
}

/* libcurl's text quotes OpenSSL's number, as "error:0A00010B:". Since libcurl 8 words of
 * its own may stand before that, as in "TLS connect error: error:0A00010B:". */
static unsigned long quoted_error(const char *text) {
  static const char before[] = "error:";
  while ((text = strstr(text, before)) != NULL) {
    char *end;
    text += sizeof before - 1;
    unsigned long error = strtoul(text, &end, 16);
    if (end > text && *end == ':')
      return error;
  }
  return 0;
}

const char *engine_tls_fault(const transfer *t, CURLcode code) {
  if (!t->owner->shares_openssl)
    return NULL;
  if (code == CURLE_PEER_FAILED_VERIFICATION)
    return fault_of_certificate(t);
  unsigned long error = quoted_error(t->error);
  switch (ERR_GET_LIB(error)) {
  case ERR_LIB_SSL:
    break;
  case ERR_LIB_ASN1: /* a signature that is not by the authority of that name */
  case ERR_LIB_RSA:
    return "authority";
  default:
    return NULL;
  }
  return fault_of_handshake(ERR_GET_REASON(error),
                            t->pool->texts[ENGINE_CLIENT_CERT].data != NULL);
}
