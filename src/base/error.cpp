#include "base/error.hpp"

#include <utility>

namespace oap {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::kCancelled:
      return "cancelled";
    case Code::kInvalidArgument:
      return "invalid_argument";
    case Code::kUsage:
      return "usage";
    case Code::kConfiguration:
      return "configuration";
    case Code::kDeadlineExceeded:
      return "deadline_exceeded";
    case Code::kNotFound:
      return "not_found";
    case Code::kAlreadyExists:
      return "already_exists";
    case Code::kPermissionDenied:
      return "permission_denied";
    case Code::kUnanswered:
      return "unanswered";
    case Code::kUnauthenticated:
      return "unauthenticated";
    case Code::kResourceExhausted:
      return "resource_exhausted";
    case Code::kFailedPrecondition:
      return "failed_precondition";
    case Code::kUnavailable:
      return "unavailable";
    case Code::kUpstream:
      return "upstream";
    case Code::kDataLoss:
      return "data_loss";
    case Code::kNeedsModel:
      return "needs_model";
    case Code::kUnimplemented:
      return "unimplemented";
    case Code::kInternal:
      return "internal";
  }
  return "internal";
}

int http_status(Code code) {
  switch (code) {
    case Code::kCancelled:
      return 499;
    case Code::kInvalidArgument:
    case Code::kUsage:
    case Code::kConfiguration:
      return 400;
    case Code::kUnauthenticated:
      return 401;
    case Code::kPermissionDenied:
    case Code::kUnanswered:
      return 403;
    case Code::kNotFound:
      return 404;
    case Code::kAlreadyExists:
    case Code::kFailedPrecondition:
      return 409;
    case Code::kResourceExhausted:
      return 429;
    case Code::kUnimplemented:
      return 501;
    case Code::kUpstream:
      return 502;
    case Code::kUnavailable:
    case Code::kNeedsModel:
      return 503;
    case Code::kDeadlineExceeded:
      return 504;
    case Code::kDataLoss:
    case Code::kInternal:
      return 500;
  }
  return 500;
}

int jsonrpc_code(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
    case Code::kUsage:
    case Code::kNotFound:
      return -32602;
    case Code::kUnimplemented:
      return -32601;
    case Code::kCancelled:
      return -32800;
    case Code::kPermissionDenied:
    case Code::kUnanswered:
    case Code::kUnauthenticated:
      return -31001;
    case Code::kConfiguration:
    case Code::kDeadlineExceeded:
    case Code::kAlreadyExists:
    case Code::kResourceExhausted:
    case Code::kFailedPrecondition:
    case Code::kUnavailable:
    case Code::kUpstream:
    case Code::kDataLoss:
    case Code::kNeedsModel:
    case Code::kInternal:
      return -32603;
  }
  return -32603;
}

int exit_code(Code code) {
  switch (code) {
    case Code::kCancelled:
      return 130;
    case Code::kUsage:
    case Code::kConfiguration:
      return 2;
    case Code::kPermissionDenied:
      return 3;
    case Code::kUnanswered:
      return 4;
    case Code::kUnavailable:
    case Code::kUpstream:
    case Code::kUnauthenticated:
      return 5;
    case Code::kInvalidArgument:
    case Code::kDeadlineExceeded:
    case Code::kNotFound:
    case Code::kAlreadyExists:
    case Code::kResourceExhausted:
    case Code::kFailedPrecondition:
    case Code::kDataLoss:
    case Code::kNeedsModel:
    case Code::kUnimplemented:
    case Code::kInternal:
      return 1;
  }
  return 1;
}

std::string_view audit_reason(Code code) { return to_string(code); }

Error::Error(Code code, std::string message, Audience audience)
    : body_(std::make_unique<Body>(Body{code, audience, std::move(message), {}})) {}

Error::Error(const Error& other) : body_(std::make_unique<Body>(*other.body_)) {}

Error& Error::operator=(const Error& other) {
  if (this != &other) {
    body_ = std::make_unique<Body>(*other.body_);
  }
  return *this;
}

std::string Error::to_string() const {
  std::string text;
  for (auto it = body_->context.rbegin(); it != body_->context.rend(); ++it) {
    text += *it + ": ";
  }
  return text + body_->message;
}

Error&& Error::with_context(std::string context) && {
  body_->context.push_back(std::move(context));
  return std::move(*this);
}

}  // namespace oap
