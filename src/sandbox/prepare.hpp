#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "sandbox/groups.hpp"
#include "sandbox/identity.hpp"
#include "sandbox/plan.hpp"
#include "sandbox/root_plan.hpp"
#include "sandbox/seccomp.hpp"
#include "sandbox/spec.hpp"

namespace oap::sandbox {

/// A checked Spec as the plan that a fork can carry out; owns what the plan points to. Not movable:
/// make it in its place.
class Prepared {
 public:
  /// Errors are those of Child::start that can be told before anything runs. Gives the Spec with
  /// its defaults filled in and its places canonical.
  static Result<Spec> complete(Spec spec);

  /// kInvalidArgument: a workspace or writable place that no child may have.
  static Result<std::unique_ptr<Prepared>> make(const Spec& spec, std::string program);
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;

  /// Changes the plan after its private root was refused with -errno at a step.
  void do_without_root(int refusal, int refused_at);

  LaunchPlan plan;
  std::unique_ptr<Identity> identity;

 private:
  Prepared(const Spec& spec, std::string program);
  void set_limits(const Spec& spec);
  Result<void> confine(const Spec& spec);
  void hide_in_other_homes();
  void set_filters(const Spec& spec);
  void compile_filters();

  std::vector<std::string> texts_;
  std::vector<char*> argv_;
  std::vector<char*> environment_;
  std::vector<char*> bare_environment_;
  std::string bare_tmp_;
  std::string bare_git_;
  std::string program_;
  std::string cwd_;
  std::string uid_map_;
  std::string gid_map_;
  std::string scratch_options_;
  std::string staging_;
  std::string lower_;
  std::string upper_;
  std::string work_;
  RootInput root_input_;
  std::unique_ptr<RootPlan> root_;
  std::unique_ptr<Groups> groups_;
  FilterOptions filter_options_;
  bool bare_netlink_ = false;
  std::vector<sock_filter> filter_;
  std::vector<sock_filter> bare_filter_;
};

/// Of a tool whose limit nobody gave: half of the machine's, in bounds.
std::uint64_t default_memory();

/// The Facts that together make a kind of isolation "enforced" for this spec; nothing where nothing
/// can.
std::optional<std::uint32_t> facts_of(const Spec& spec, Kind kind);

/// The file to execute for argv[0] of the spec. A name with a slash is taken as it is.
Result<std::string> find_program(const Spec& spec);

/// The sentence for a launch that failed in the child, at which these Facts held.
Error launch_error(const Spec& spec, Stage stage, int error_number, std::uint32_t facts = 0,
                   const std::string& place = {});

/// What holds for a child of this spec, by what the kernel has said.
Isolation isolation_of(const Spec& spec, std::uint32_t facts);
Changes changes_of(const Spec& spec, std::uint32_t facts);

}  // namespace oap::sandbox
