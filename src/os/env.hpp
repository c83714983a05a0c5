#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace oap::os {

/// Where environment variables come from, so that tests need not change the process.
using EnvLookup = std::function<std::optional<std::string>(std::string_view)>;

/// A variable of this process; nothing where it is unset. An empty value is a value.
std::optional<std::string> env(std::string_view name);

/// $HOME where it is absolute, else the password database's entry, else "/".
std::string home_dir();

/// The name of the user that this process runs as, from the password database, else the number.
std::string user_name();

}  // namespace oap::os
