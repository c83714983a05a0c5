#pragma once

#include <string>

namespace oap::sandbox {

/// Of the user's git configuration (`~/.gitconfig`, `~/.config/git/config`) the name, the address
/// and what says how to merge, pull and end lines, as a text of the same form; "" where there is
/// nothing of it. No entry of it runs a program or holds a credential.
std::string git_settings(const std::string& home);

}  // namespace oap::sandbox
