/* SPDX-License-Identifier: ISC
 *
 * Private to the two files that use libcurl: net/http.c and tell/smtp_curl.c.
 */
#ifndef LAMPWATCH_CURL_P_H
#define LAMPWATCH_CURL_P_H

#include <curl/curl.h>

/*
 * The program's settings for certificates and TLS: at least TLS 1.2, verified
 * against ca_file, or (NULL) the file in CURL_CA_BUNDLE or SSL_CERT_FILE, or the
 * system's bundle. Also CURLOPT_NOSIGNAL and CURLOPT_QUICK_EXIT, so that a name server
 * that does not answer delays nothing else.
 */
void http_curl_profile(CURL *easy, const char *ca_file);

#endif
