#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <stdlib.h>

#include "json/print.hpp"
#include "mcp/testing/linked_client.hpp"

namespace oap::tools::testing {

/// The built-in server as a real process on a workspace of its own, which the test may fill.
class ServedTools : public ::testing::Test {
 protected:
  ServedTools() {
    std::string name = std::filesystem::temp_directory_path() / "oap_tools_XXXXXX";
    top_ = ::mkdtemp(name.data());
    workspace_ = top_ + "/work";
    std::filesystem::create_directory(workspace_);
    put(top_ + "/secret.txt", "outside\n");
  }
  ~ServedTools() override {
    client_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(top_, ignored);
  }

  mcp::testing::LinkedClient& client() {
    if (!client_) {
      mcp::ServerSpec spec;
      spec.name = "sandbox";
      spec.process.argv = {OAP_BINARY_DIR "/src/tools/oap_tools_server", workspace_};
      spec.process.profile = sandbox::Profile::kOwn;
      client_ = std::make_unique<mcp::testing::LinkedClient>(spec);
    }
    return *client_;
  }

  /// The result's text, after "tool error: " where `is_error` is set.
  std::string run(const std::string& tool, const json::Object& arguments) {
    return client().text(tool, json::print(arguments));
  }

  static void put(const std::string& path, std::string_view text) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  static std::string get(const std::string& path) {
    std::stringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  }
  std::string in(const std::string& path) const { return workspace_ + "/" + path; }

  std::string top_;  ///< holds the workspace and a file beside it
  std::string workspace_;

 private:
  std::unique_ptr<mcp::testing::LinkedClient> client_;
};

}  // namespace oap::tools::testing
