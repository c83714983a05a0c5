#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace oap {

/// The one list of reasons for which anything in this program can fail.
/// Every outward form of an error (HTTP status, JSON-RPC code, exit code, audit reason) is a total
/// function of this code; a new code is added here and the compiler names every mapping it misses.
enum class Code {
  kCancelled,           ///< the caller or the person gave up (Ctrl-C)
  kInvalidArgument,     ///< the caller's input is wrong whatever the state of the system
  kUsage,               ///< wrong command line
  kConfiguration,       ///< a configuration file is wrong
  kDeadlineExceeded,    ///< a wait ran out of time
  kNotFound,            ///< the named thing does not exist
  kAlreadyExists,       ///< the named thing exists already
  kPermissionDenied,    ///< a deny decision, where it must travel as an error
  kUnanswered,          ///< an approval that nobody could give
  kUnauthenticated,     ///< a credential is missing or refused
  kResourceExhausted,   ///< a limit, quota or size cap was reached
  kFailedPrecondition,  ///< the system is not in the state that the call needs
  kUnavailable,         ///< a peer or resource cannot be reached now; trying later may help
  kUpstream,            ///< a provider or server answered with something unusable
  kDataLoss,            ///< stored data is damaged
  kNeedsModel,          ///< the work needs a language model and none is configured
  kUnimplemented,       ///< a known feature that this version does not have
  kInternal,            ///< a defect in this program
};

/// Who is meant to read an error's message.
enum class Audience { kUser, kModel, kOperator };

std::string_view to_string(Code code);
int http_status(Code code);
int jsonrpc_code(Code code);
/// Process exit code as in CONTRACTS "Runs": 1 failed, 2 usage or configuration, 3 denied,
/// 4 unanswered, 5 upstream or provider, 130 interrupted.
int exit_code(Code code);
std::string_view audit_reason(Code code);

/// A failure: one code, one sentence for a person, and the trail of where it passed.
/// Held by one pointer so that `Result<int>` stays small. Copies share nothing.
class Error {
 public:
  Error(Code code, std::string message, Audience audience = Audience::kUser);
  Error(const Error& other);
  Error& operator=(const Error& other);
  Error(Error&&) noexcept = default;
  Error& operator=(Error&&) noexcept = default;
  ~Error() = default;

  Code code() const { return body_->code; }
  const std::string& message() const { return body_->message; }
  Audience audience() const { return body_->audience; }
  /// Outermost context first, then the message, joined by ": ".
  std::string to_string() const;

  /// Adds what was being done when the error passed, e.g. "reading config.yaml".
  Error&& with_context(std::string context) &&;

 private:
  struct Body {
    Code code;
    Audience audience;
    std::string message;
    std::vector<std::string> context;
  };
  std::unique_ptr<Body> body_;
};

}  // namespace oap
