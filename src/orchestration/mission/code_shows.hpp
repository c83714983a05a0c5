#pragma once

#include <string_view>

#include "orchestration/mission/shows.hpp"

namespace oap::orchestration {

/// What it tells that a text of Python, JavaScript, Perl or Ruby ended well: nothing where it is
/// idle, a look where it does no more than read a file. Pure.
Shows code_shows(std::string_view code);

}  // namespace oap::orchestration
