#pragma once

#include <string>

#include "base/clock.hpp"
#include "gateway/audit_sink.hpp"
#include "gateway/redactor.hpp"
#include "gateway/walk.hpp"

namespace oap::gateway {

/// Writes down what a walk is about to do and what became of it, without secrets. What it borrows
/// outlives it.
class WalkAudit {
 public:
  /// `durability` as of Gateway::Parts::audit_class.
  WalkAudit(AuditSink& sink, const Redactor& redactor, const Clock& clock, AuditClass durability)
      : sink_(sink), redactor_(redactor), clock_(clock), class_(std::move(durability)) {}

  /// Before the effect. False: it could not be written, and the walk is denied.
  Task<bool> intent(Walk& walk);
  /// At the end. A result that could not be written is taken away.
  Task<void> result(Walk& walk);

 private:
  void clean_call(Walk& walk) const;
  audit::Event event_of(const Walk& walk, std::string type) const;

  AuditSink& sink_;
  const Redactor& redactor_;
  const Clock& clock_;
  AuditClass class_;
};

}  // namespace oap::gateway
