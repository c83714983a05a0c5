#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "json/value.hpp"
#include "model/permission.hpp"
#include "model/tool.hpp"

namespace oap::permission {

/// "May this principal do this?" A value. `tool` is the tool's name at its server, or its public
/// name where `server` is empty; absent action = execute. Relative paths start at `cwd`, or where
/// that is empty at `workspace`; both absolute.
struct Request {
  Principal principal;
  std::string server;
  std::string tool;
  std::string action;
  std::string resource;
  json::Object arguments;
  std::string workspace;
  std::string cwd;
  // For conditions of rules.
  std::string session;
  std::string origin;                ///< as to_string(Origin)
  std::optional<double> risk_score;  ///< from 0 to 1, where one is known
  std::optional<WallTime> time;      ///< absent = now
};

/// One line of `oap permission check --batch`: an object with tool and, if need be, action,
/// resource, arguments, server, user_id, role, context ({workspace, cwd, session, origin,
/// risk_score, time}). Anything else, and a wrong type, is a kInvalidArgument error that names the
/// key.
Result<Request> request_from_json(const json::Value& value);

/// {"decision": …, "rule": …, "reason": …}; rule is null where the default decided.
json::Object to_json(const Decision& decision);

}  // namespace oap::permission
