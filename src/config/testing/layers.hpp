#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/load.hpp"
#include "os/testing/temp_dir.hpp"

namespace oap::config::testing {

/// A workspace with its three layers in one temporary folder.
class Layers : public ::testing::Test {
 protected:
  Layers() {
    std::filesystem::create_directories(dir_ / "managed");
    ::chmod((dir_ / "managed").c_str(), 0755);
    options_.paths.workspace = dir_ / "w";
    options_.paths.project_dir = dir_ / "w/.opencode";
    options_.paths.user_dir = dir_ / "user";
    options_.paths.managed_dir = dir_ / "managed";
    options_.paths.state_root = dir_ / "state";
    options_.paths.home = dir_ / "home";
    options_.env = [this](std::string_view name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::nullopt : std::optional<std::string>(found->second);
    };
    options_.managed_owner = ::geteuid();
    options_.trust = true;
  }

  void user(std::string_view name, std::string_view text) { write("user/", name, text); }
  void project(std::string_view name, std::string_view text) { write("w/.opencode/", name, text); }
  void managed(std::string_view name, std::string_view text) {
    ::chmod(write("managed/", name, text).c_str(), 0644);
  }
  std::string write(const std::string& where, std::string_view name, std::string_view text) {
    return dir_.write(where + std::string(name), text);
  }
  Config loaded() {
    Result<Config> config = load(options_);
    EXPECT_TRUE(config) << config.error().message();
    return config ? *config : Config{};
  }
  std::string refused() {
    const Result<Config> config = load(options_);
    EXPECT_FALSE(config);
    if (config) {
      return "";
    }
    EXPECT_EQ(config.error().code(), Code::kConfiguration);
    return config.error().message();
  }

  os::testing::TempDir dir_;
  std::map<std::string, std::string, std::less<>> variables_;
  LoadOptions options_;
};

}  // namespace oap::config::testing
