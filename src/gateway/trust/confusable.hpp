#pragma once

#include <string>
#include <string_view>

namespace oap::gateway {

/// What a name looks like, whatever it is written with: lower case, without `_ - . : / ` and spaces
/// and hidden characters, look-alikes of Latin letters (Greek, Cyrillic, full-width, Armenian and
/// mathematical forms, accents) as those letters, and 0 as o, 1 and i as l. Two names with one
/// skeleton can be taken for each other. Source: after UTS #39, confusables, for common scripts.
/// Pure.
std::string name_skeleton(std::string_view name);

/// Lower case without separators: what is left unequal differs in more than style. Pure.
std::string plain_form(std::string_view name);

}  // namespace oap::gateway
