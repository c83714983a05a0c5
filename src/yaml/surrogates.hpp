#pragma once

#include <string>
#include <string_view>

namespace oap::yaml {

/// A JSON text in which every character beyond the first 65,536 that is escaped as a surrogate pair
/// ("\ud83d\ude00", RFC 8259 section 7) is escaped as YAML wants it ("\U0001f600", YAML 1.2 section
/// 5.7). A text that is no JSON, or holds none, is returned as it is. Pure.
std::string join_surrogates(std::string_view text);

}  // namespace oap::yaml
