#include "net/curl_library.hpp"

#include <memory>

#include <dlfcn.h>

namespace oap::net {
namespace {

constexpr const char* kFile = "libcurl.so.4";

template <class Function>
bool find_symbol(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

bool find_symbols(void* lib, CurlLibrary& curl) {
  return find_symbol(lib, "curl_global_init", curl.global_init) &&
         find_symbol(lib, "curl_easy_init", curl.easy_init) &&
         find_symbol(lib, "curl_easy_setopt", curl.easy_setopt) &&
         find_symbol(lib, "curl_easy_getinfo", curl.easy_getinfo) &&
         find_symbol(lib, "curl_easy_strerror", curl.easy_strerror) &&
         find_symbol(lib, "curl_easy_cleanup", curl.easy_cleanup) &&
         find_symbol(lib, "curl_slist_append", curl.slist_append) &&
         find_symbol(lib, "curl_slist_free_all", curl.slist_free_all) &&
         find_symbol(lib, "curl_multi_init", curl.multi_init) &&
         find_symbol(lib, "curl_multi_setopt", curl.multi_setopt) &&
         find_symbol(lib, "curl_multi_assign", curl.multi_assign) &&
         find_symbol(lib, "curl_multi_add_handle", curl.multi_add_handle) &&
         find_symbol(lib, "curl_multi_remove_handle", curl.multi_remove_handle) &&
         find_symbol(lib, "curl_multi_socket_action", curl.multi_socket_action) &&
         find_symbol(lib, "curl_multi_info_read", curl.multi_info_read) &&
         find_symbol(lib, "curl_multi_cleanup", curl.multi_cleanup);
}

Result<CurlLibrary> open_library() {
  CurlLibrary curl{};
  void* library = dlopen(kFile, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return fail(Code::kFailedPrecondition,
                "{} cannot be loaded, which HTTP requests need; install the package libcurl4",
                kFile);
  }
  if (!find_symbols(library, curl) || curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return fail(Code::kFailedPrecondition,
                "{} is too old or damaged; install libcurl4 7.84 or later", kFile);
  }
  return curl;
}

}  // namespace

Result<const CurlLibrary*> CurlLibrary::load() {
  static const Result<CurlLibrary> library = open_library();
  if (!library) {
    return fail(library.error());
  }
  return &*library;
}

}  // namespace oap::net
