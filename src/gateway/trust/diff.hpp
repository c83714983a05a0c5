#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "json/value.hpp"

namespace oap::gateway {

/// One place where two JSON values differ. Without `before` it is new, without `after` it is gone.
struct Change {
  std::string path;  ///< JSON Pointer; "" is the whole
  std::optional<json::Value> before;
  std::optional<json::Value> after;
};

/// The places where two values differ, the smallest that say it all, by their order in `before` and
/// then in `after`. Beyond `limit` places or 64 levels a difference is told of the enclosing value
/// as a whole, so nothing is left out. Equality is that of `json::equal`. Pure.
std::vector<Change> changes_between(const json::Value& before, const json::Value& after,
                                    std::size_t limit = 200);

/// The changes for a person who must judge them: `~ path`, `+ path` or `- path`, below it the lines
/// before (`-`) and after (`+`). Of long texts only what differs is shown, with its surroundings,
/// but that in full. Characters that deceive are escaped, so that no text can pose as part of the
/// report. Ends with a newline unless empty. Pure.
std::string changes_text(const std::vector<Change>& changes);

}  // namespace oap::gateway
