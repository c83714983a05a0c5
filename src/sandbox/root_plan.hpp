#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.hpp"
#include "sandbox/host_paths.hpp"
#include "sandbox/plan.hpp"
#include "sandbox/protected_names.hpp"
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
  bool discard = false;                  ///< Spec::discard
  bool holds = false;                    ///< what comes where a name is missing can be set aside
  std::uint32_t uid = 0;                 ///< of the program, for its password entry
  std::string git_settings;              ///< text of the git configuration that it sees at home
  std::vector<std::string> further;      ///< names in the workspace to be protected too
  std::vector<std::string> unprotected;  ///< and those not to be
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

  /// Fills bare_rules, for a child that gets no root of its own.
  void plan_bare_rules();

  /// An existing directory that no step reads from, best for building; "/" where there is none.
  std::string staging() const;

  std::vector<Step> steps;
  std::vector<PathRule> rules;
  std::vector<PathRule> bare_rules;
  std::vector<Placeholder> placeholders;
  std::vector<Guard> guards;
  std::vector<const char*> searched;  ///< for LaunchPlan
  std::vector<const char*> given;     ///< the same
  std::vector<const char*> held;      ///< the same
  std::vector<KnownRepository> repositories;

 private:
  void plan_tool();
  void plan_service();
  void plan_devices();
  void plan_home();
  void plan_workspace();
  void show_program();
  void plan_rules();
  void hide_credentials();
  void show_git_settings();
  void protect(const std::string& base);
  void find_given();
  void guard(const std::string& base, const ProtectedName& wanted);
  mode_t kind_in(const std::string& base, const std::string& path);
  void guard_hidden(const std::string& base);
  void guard_linked(const std::string& base);
  void guard_repositories(const std::string& base);
  void guard_repository(const std::string& base, const std::string& path, bool is_first);
  void guard_what_git_runs(const std::string& base, const std::string& config, int depth);
  void guard_words(const std::string& base, std::string_view value);
  void keep_in_place(const std::string& path);
  void note_links(const std::string& path, mode_t kind);
  bool can_write(const std::string& path) const;
  void stand_for(const std::string& path, Placeholder stand, bool open);
  void tell_git();
  void pin(const std::string& path, bool writable, const Placeholder* stand = nullptr);
  void add_parents(const std::string& path);
  void add_passwords();
  void bind(const std::string& path, std::uint64_t attributes, bool idmapped = false,
            bool optional = false);
  void bind_if_there(const std::string& path, bool plain = false);
  void cover_workspace();
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
  std::map<std::string, Listing> listings_;  ///< of writable places
  std::vector<std::string> given_;           ///< places that the caller takes out of the protection
  std::vector<std::uint64_t> linked_;        ///< inodes of protected files that have other names
  std::string unseen_;  ///< placeholders that git would see, as lines of its exclude file
};

}  // namespace oap::sandbox
