#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "permission/case_rows.hpp"
#include "permission/engine.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

namespace fs = std::filesystem;

/// A workspace with some files and links, removed at the end.
class Workspace {
 public:
  Workspace() {
    std::string pattern = (fs::temp_directory_path() / "oap-permission-XXXXXX").string();
    root_ = fs::canonical(mkdtemp(pattern.data()));
    for (const char* directory :
         {"ws/src/deep", "ws/docs", "ws/secrets", "ws/vendor/deep", "ws/vendor/.git", "outside"}) {
      fs::create_directories(root_ / directory);
    }
    for (const char* file : {"ws/main.py", "ws/src/main.py", "ws/src/deep/x.py", "ws/.env",
                             "ws/secrets/key.txt", "outside/data.txt"}) {
      std::ofstream(root_ / file) << "x";
    }
    fs::create_symlink("/etc", root_ / "ws/etc-link");
    fs::create_symlink("../.env", root_ / "ws/src/settings");
    fs::create_symlink("secrets", root_ / "ws/public");
    fs::create_symlink("../outside", root_ / "ws/out");
    fs::create_symlink("loop", root_ / "ws/loop");
    fs::create_symlink("vendor/deep", root_ / "ws/lib");
  }
  ~Workspace() { fs::remove_all(root_); }
  std::string path() const { return (root_ / "ws").string(); }
  std::string outside() const { return (root_ / "outside").string(); }

 private:
  fs::path root_;
};

/// One policy of the case file, with its options.
struct Setting {
  std::map<Tier, std::string> files;
  PolicyOptions options;
  std::string role = "user";
};

Tier tier_of(const std::string& name) {
  static const std::map<std::string, Tier> kTiers = {{"managed", Tier::kManaged},
                                                     {"session", Tier::kSession},
                                                     {"user", Tier::kUser},
                                                     {"project", Tier::kProject}};
  return kTiers.at(name);
}

Level level_of(std::string_view word) {
  return word == "allow" ? Level::kAllow : (word == "deny" ? Level::kDeny : Level::kAsk);
}

void set_option(Setting& setting, const std::string& name, const std::string& value) {
  if (name == "default_permission") {
    setting.options.default_permission = level_of(value);
  } else if (name == "require_approval_for") {
    setting.options.require_approval_for.push_back(value);
  } else if (name == "network_server") {
    setting.options.network_servers.push_back(value);
  } else if (name == "known_tool") {
    setting.options.known_tools.push_back(value);
  } else if (name == "untrusted") {
    setting.options.trusted_project = false;
  } else if (name == "replace_builtin") {
    setting.options.replace_builtin = true;
  } else {
    FAIL() << "unknown option " << name;
  }
}

Result<Request> request_of(const std::string& text, const Setting& setting) {
  OAP_TRY(json::Object object, case_request(text));
  OAP_TRY(Request request, request_from_json(object));
  if (!object.contains("role")) {
    request.principal.role = setting.role;
  }
  request.workspace = setting.options.workspace;
  return request;
}

std::string expected_rule(const std::string& word) {
  if (word == "default") {
    return "";
  }
  const bool number = word.find_first_not_of("0123456789") == std::string::npos;
  return number ? "user:" + word : word;
}

class CaseFile {
 public:
  CaseFile(const std::string& path, const Workspace& workspace)
      : path_(path), workspace_(workspace) {}

  void run() {
    std::ifstream file(path_);
    ASSERT_TRUE(file.is_open()) << path_;
    std::string line;
    while (std::getline(file, line)) {
      ++number_;
      line = text::replace_all(text::replace_all(line, "@WS", workspace_.path()), "@OUT",
                               workspace_.outside());
      if (line.empty() || line.starts_with('#')) {
        continue;
      }
      take(line);
    }
  }
  int rows() const { return rows_; }

 private:
  std::string at() const {
    return path_.substr(path_.rfind('/') + 1) + ":" + std::to_string(number_);
  }

  void take(const std::string& line) {
    const std::size_t arrow = line.rfind(" => ");
    if (line.starts_with("policy")) {
      setting_ = Setting();
      setting_.options.workspace = workspace_.path();
      policy_.reset();
    } else if (const std::size_t bar = line.find("| ");
               bar != std::string::npos && bar < 8 &&
               line.substr(0, bar).find(' ') == std::string::npos) {
      setting_.files[tier_of(bar == 0 ? "user" : line.substr(0, bar))] +=
          line.substr(bar + 2) + "\n";
    } else if (line.starts_with("option ")) {
      const std::size_t equals = line.find('=');
      const bool flag = equals == std::string::npos;
      set_option(setting_, line.substr(7, flag ? equals : equals - 7),
                 flag ? "" : line.substr(equals + 1));
    } else if (line.starts_with("role ")) {
      setting_.role = line.substr(5);
    } else if (arrow != std::string::npos) {
      ++rows_;
      check(line.substr(0, arrow), line.substr(arrow + 4));
    } else {
      ADD_FAILURE() << at() << ": not understood: " << line;
    }
  }

  void check(const std::string& asked, const std::string& expected) {
    if (!policy_) {
      std::vector<PolicySource> sources;
      for (const auto& [tier, yaml] : setting_.files) {
        sources.push_back({tier, std::string(to_string(tier)), yaml});
      }
      auto policy = Policy::compile(std::move(sources), setting_.options);
      ASSERT_TRUE(policy.has_value()) << at() << ": " << policy.error().message();
      policy_ = *policy;
    }
    const auto request = request_of(asked, setting_);
    ASSERT_TRUE(request.has_value()) << at() << ": " << request.error().message();
    const Decision decision = policy_->decide(*request);
    const std::vector<std::string_view> words = text::split_words(expected);
    const std::string why =
        at() + ": " + asked + " (" + decision.rule + ": " + decision.reason + ")";
    if (words[0] == "!allow") {
      EXPECT_NE(decision.level, Level::kAllow) << why;
    } else {
      EXPECT_EQ(to_string(decision.level), words[0]) << why;
    }
    if (words.size() > 1 && !words[1].starts_with('"')) {
      EXPECT_EQ(decision.rule, expected_rule(std::string(words[1]))) << why;
    }
    if (const std::size_t quote = expected.find('"'); quote != std::string::npos) {
      EXPECT_EQ(decision.reason, expected.substr(quote + 1, expected.size() - quote - 2)) << why;
    }
    EXPECT_FALSE(decision.reason.empty()) << why;
    EXPECT_EQ(policy_->explain(*request).decision.level, decision.level) << why;
  }

  std::string path_;
  const Workspace& workspace_;
  int number_ = 0;
  int rows_ = 0;
  Setting setting_;
  std::shared_ptr<const Policy> policy_;
};

TEST(Permission, Tables) {
  const Workspace workspace;
  int rows = 0;
  for (const char* name :
       {"builtin", "rules", "commands", "tiers", "everyday", "everyday_fresh", "everyday_options",
        "everyday_strict", "everyday_table", "condition_rules"}) {
    CaseFile file(std::string(OAP_SOURCE_DIR "/src/permission/cases/") + name + ".case", workspace);
    file.run();
    rows += file.rows();
  }
  EXPECT_GE(rows, 500);
}

TEST(Permission, BypassTables) {
  const Workspace workspace;
  int rows = 0;
  for (const char* name : {"structure", "wrappers", "review", "programs", "builtins", "files",
                           "fresh", "patterns", "options", "table", "strict", "denied"}) {
    CaseFile file(std::string(OAP_SOURCE_DIR "/src/permission/cases/bypass_") + name + ".case",
                  workspace);
    file.run();
    rows += file.rows();
  }
  EXPECT_GE(rows, 600);
}

}  // namespace
}  // namespace oap::permission
