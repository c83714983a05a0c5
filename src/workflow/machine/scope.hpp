#pragma once

#include <memory>
#include <vector>

#include "workflow/machine/host.hpp"
#include "workflow/machine/state.hpp"

namespace oap::workflow {

/// What a run knows, seen from one of its nodes (kNoNode: from its end). Borrows all it is given;
/// values it hands out live as long as it and the State's next change.
class RunScope final : public Scope {
 public:
  RunScope(const State& state, const Identity& identity, Host& host, NodeId node)
      : state_(state), identity_(identity), host_(host), node_(node) {}

  /// `loop.index` is the iteration that is about to begin: for `while`.
  void set_before_iteration() { before_iteration_ = true; }
  void set_result(const json::Value* result) { result_ = result; }
  /// Of a node: where it is large it is a reference.
  void set_kept_result(const json::Value* result) {
    result_ = result;
    is_kept_ = true;
  }
  Result<expr::Value> value(const Name& name) const override;

 private:
  Result<expr::Value> shown(const json::Value& value) const;
  Result<expr::Value> inputs() const;
  Result<expr::Value> input(std::string_view name) const;
  bool is_sealed(std::string_view name) const;
  Result<expr::Value> step(StepIndex step) const;
  Result<expr::Value> item(StepIndex step) const;
  Result<expr::Value> index(StepIndex step) const;
  std::int64_t iteration(NodeId loop) const;
  Result<expr::Value> loop(StepIndex step) const;
  expr::Value hold(json::Object object) const;
  Result<expr::Value> run() const;
  Result<expr::Value> workflow() const;
  expr::Value object_of(const json::Object& object) const;
  bool needs_are_good() const;
  bool has_failure() const;

  const State& state_;
  const Identity& identity_;
  Host& host_;
  NodeId node_;
  const json::Value* result_ = nullptr;
  bool is_kept_ = false;
  bool before_iteration_ = false;
  mutable std::vector<std::shared_ptr<const json::Value>>
      held_;  // what was made or loaded for values that borrow it
};

/// `{"$blob": hash, "size": n}`: the hash; "" where the value is none.
std::string_view blob_of(const json::Value& value);

}  // namespace oap::workflow
