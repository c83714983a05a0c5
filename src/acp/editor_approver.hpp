#pragma once

#include <optional>
#include <set>
#include <string>

#include "acp/wire.hpp"
#include "approval/approver.hpp"

namespace oap::acp {

/// The parameters of session/request_permission for an ask: what would be done (with the change to
/// a file), and the answers that can be given. "Always" is offered where there is a rule that it
/// would write, which its name says. `before` is the file's text now. Pure.
json::Object permission_params(std::string_view session_id, const approval::Request& request,
                               std::optional<std::string> before);

/// What the person chose. Nothing that is not one of the offered answers approves anything. Pure.
struct Reply {
  approval::Answer answer;
  bool never_again = false;  ///< refused for the rest of the session
};
Reply read_reply(const json::Object& result, const approval::Request& request);

/// The editor's person as the approver of one session. An answer that does not come in time, an
/// error and a client that has gone all mean: not approved.
class EditorApprover final : public approval::Approver {
 public:
  /// The wire outlives it.
  EditorApprover(Wire& wire, Millis patience) : wire_(wire), patience_(patience) {}

  void set_session(std::string id) { session_id_ = std::move(id); }
  /// One of `Modes`.
  void set_mode(std::string mode) { mode_ = std::move(mode); }
  /// The text of a file that a person may see beside a change of it.
  using FileText = std::function<std::optional<std::string>(const std::string& path)>;
  void set_file_text(FileText file_text) { file_text_ = std::move(file_text); }

  Task<Result<approval::Answer>> ask(approval::Request request) override;

 private:
  std::optional<approval::Answer> without_asking(const approval::Request& request) const;

  Wire& wire_;
  Millis patience_;
  std::string session_id_;
  std::string mode_;
  FileText file_text_;
  std::set<std::string> refused_;  // what the person does not want to be asked about again
};

}  // namespace oap::acp
