#include "os/env.hpp"

#include <array>
#include <cstdlib>

#include <pwd.h>
#include <unistd.h>

namespace oap::os {
namespace {

struct Account {
  std::string name;
  std::string home;
};

Account account() {
  std::array<char, 16384> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr) {
    return {};
  }
  return {found->pw_name, found->pw_dir};
}

}  // namespace

std::optional<std::string> env(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

std::string home_dir() {
  if (auto home = env("HOME"); home && home->starts_with('/')) {
    return *home;
  }
  std::string home = account().home;
  return home.starts_with('/') ? home : "/";
}

std::string user_name() {
  std::string name = account().name;
  return name.empty() ? std::to_string(::geteuid()) : name;
}

}  // namespace oap::os
