#pragma once

#include <utility>

#include <fmt/format.h>
#include <tl/expected.hpp>

#include "base/error.hpp"

namespace oap {

/// A value or the Error that prevented it. A denial is a value, never an Error.
template <class T>
using Result = tl::expected<T, Error>;

/// `return fail(Code::kNotFound, "no file {}", path);`
template <class... Args>
[[nodiscard]] tl::unexpected<Error> fail(Code code, fmt::format_string<Args...> format,
                                         Args&&... args) {
  return tl::unexpected<Error>(Error(code, fmt::format(format, std::forward<Args>(args)...)));
}

[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace oap

#define OAP_CONCAT_INNER(a, b) a##b
#define OAP_CONCAT(a, b) OAP_CONCAT_INNER(a, b)

/// Declares a variable from a Result or returns its error: `OAP_TRY(auto file, open(path));`
#define OAP_TRY(declaration, ...) \
  OAP_TRY_IMPL(OAP_CONCAT(oap_try_, __LINE__), return, declaration, __VA_ARGS__)
/// The same inside a coroutine.
#define OAP_CO_TRY(declaration, ...) \
  OAP_TRY_IMPL(OAP_CONCAT(oap_try_, __LINE__), co_return, declaration, __VA_ARGS__)
#define OAP_TRY_IMPL(name, ret, declaration, ...)                \
  auto name = __VA_ARGS__;                                       \
  if (!name) {                                                   \
    ret ::tl::unexpected<::oap::Error>(std::move(name).error()); \
  }                                                              \
  declaration = *std::move(name)

/// Returns the error of a `Result<void>`: `OAP_CHECK_OK(write(path));`
#define OAP_CHECK_OK(...) OAP_CHECK_OK_IMPL(OAP_CONCAT(oap_ok_, __LINE__), return, __VA_ARGS__)
#define OAP_CO_CHECK_OK(...) \
  OAP_CHECK_OK_IMPL(OAP_CONCAT(oap_ok_, __LINE__), co_return, __VA_ARGS__)
#define OAP_CHECK_OK_IMPL(name, ret, ...)                        \
  if (auto name = __VA_ARGS__; !name) {                          \
    ret ::tl::unexpected<::oap::Error>(std::move(name).error()); \
  }
