#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "sandbox/places.hpp"
#include "sandbox/plan.hpp"
#include "sandbox/spec.hpp"

namespace oap::sandbox {

/// What the root of a child is made of. All paths absolute and canonical.
struct RootInput {
  Profile profile = Profile::kTool;
  std::string workspace;
  std::vector<std::string> writable;
  std::vector<std::string> readable;
  std::vector<std::string> hidden;
  std::string home;
  std::string path;      ///< the child's PATH
  std::string program;   ///< the file to execute
  std::string bare_tmp;  ///< for temporary files where there is no private root
  bool network = false;
  bool privileged = false;
  std::uint32_t uid = 0;  ///< of the program, for its password entry
};

/// The steps and rules that a child's file system needs, with all the text that they point to.
/// Looks at the host's file system, changes nothing.
class RootPlan {
 public:
  /// kInvalidArgument where the workspace or a writable place is one that no child may have.
  static Result<void> check(const RootInput& input);

  explicit RootPlan(const RootInput& input);
  RootPlan(const RootPlan&) = delete;
  RootPlan& operator=(const RootPlan&) = delete;

  std::vector<Step> steps;
  std::vector<PathRule> rules;
  std::vector<PathRule> bare_rules;
  std::vector<Placeholder> placeholders;

 private:
  void plan_tool();
  void plan_service();
  void plan_devices();
  void plan_home();
  void plan_workspace();
  void show_program();
  void plan_rules();
  void plan_bare_rules();
  void hide_credentials();
  void protect(const std::string& base);
  void protect_name(const std::string& base, const std::string& name);
  void stand_for(const std::string& path, Placeholder stand);
  void tell_git();
  void pin(const std::string& path, bool writable);
  void add_parents(const std::string& path);
  void add_passwords();
  void bind(const std::string& path, std::uint64_t attributes, bool idmapped = false,
            bool optional = false);
  void bind_if_there(const std::string& path);
  void scratch(const std::string& name, const std::string& at, std::uint32_t mode);
  void add_rule(std::vector<PathRule>& to, const std::string& path, std::uint64_t access);
  void allow_around(const std::string& directory, std::uint64_t access, int depth);
  bool is_bound(const std::string& path) const;
  bool lifted(const std::string& path) const;
  const char* keep(std::string text);
  const char* place(const std::string& path);
  std::vector<std::string> writables() const;

  const RootInput& input_;
  std::deque<std::string> texts_;
  std::vector<std::string> made_;
  std::vector<std::string> bound_;
  std::vector<std::string> scratches_;
  std::vector<std::string> pinned_;
  std::string unseen_;  ///< placeholders that git would see, as lines of its exclude file
};

}  // namespace oap::sandbox
