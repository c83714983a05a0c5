#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "sandbox/spec.hpp"
#include "sandbox/supervisor.hpp"

namespace oap::sandbox {

/// A checked Spec as the plan that a fork can carry out; owns what the plan points to. Not movable:
/// make it in its place.
class Prepared {
 public:
  static Result<void> check(const Spec& spec);

  explicit Prepared(const Spec& spec, std::string program);
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;

  LaunchPlan plan;

 private:
  void set_limits(const Spec& spec);

  std::vector<std::string> texts_;
  std::vector<char*> argv_;
  std::vector<char*> environment_;
  std::string program_;
  std::string cwd_;
  std::string uid_map_;
  std::string gid_map_;
};

/// The file to execute for argv[0] of the spec. A name with a slash is taken as it is.
Result<std::string> find_program(const Spec& spec);

/// The sentence for a launch that failed in the child.
Error launch_error(const Spec& spec, Stage stage, int error_number);

/// What holds for a child that was started with these limits.
Isolation isolation_of(const Limits& limits, bool network_cut);

}  // namespace oap::sandbox
