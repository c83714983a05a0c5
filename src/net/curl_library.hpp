#pragma once

#include <curl/curl.h>

#include "base/result.hpp"

namespace oap::net {

/// The functions of libcurl that this folder uses. The library is loaded at the first request and
/// not with the program: it drags in thirty others, which would cost each start, and each hook, 4
/// ms.
struct CurlLibrary {
  decltype(&::curl_global_init) global_init;
  decltype(&::curl_easy_init) easy_init;
  decltype(&::curl_easy_setopt) easy_setopt;
  decltype(&::curl_easy_getinfo) easy_getinfo;
  decltype(&::curl_easy_strerror) easy_strerror;
  decltype(&::curl_easy_cleanup) easy_cleanup;
  decltype(&::curl_slist_append) slist_append;
  decltype(&::curl_slist_free_all) slist_free_all;
  decltype(&::curl_multi_init) multi_init;
  decltype(&::curl_multi_setopt) multi_setopt;
  decltype(&::curl_multi_assign) multi_assign;
  decltype(&::curl_multi_add_handle) multi_add_handle;
  decltype(&::curl_multi_remove_handle) multi_remove_handle;
  decltype(&::curl_multi_socket_action) multi_socket_action;
  decltype(&::curl_multi_info_read) multi_info_read;
  decltype(&::curl_multi_cleanup) multi_cleanup;

  /// Loads and initialises it once a process; kFailedPrecondition names the missing package.
  /// Thread-safe. What it points to lives as long as the process.
  static Result<const CurlLibrary*> load();
};

}  // namespace oap::net
