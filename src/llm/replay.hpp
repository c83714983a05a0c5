#pragma once

#include <map>
#include <memory>
#include <string>

#include "llm/provider.hpp"

namespace oap::llm {

/// What differs between two runs of the same exchange: name → text. A recording holds `${name}`
/// wherever the text stood; playing it back puts the present text there. Example:
/// {"workspace": "/home/me/project"}. Longer texts are replaced first; empty ones never.
using Placeholders = std::map<std::string, std::string>;

/// Passes every request to another provider and appends the exchange to a file: JSON lines, the
/// first {"format":"oap-replay","version":1}. Answers and errors are recorded; keys are not part of
/// a request and so never are. The file (mode 0600) is replaced when the recording starts.
/// `inner` is borrowed and must outlive this. Thread-safe. Errors of `start`: kInvalidArgument.
class RecordingProvider final : public Provider {
 public:
  static Result<std::unique_ptr<RecordingProvider>> start(Provider& inner, std::string path,
                                                          Placeholders placeholders);
  ~RecordingProvider() override;

  std::string_view name() const override;
  bool is_model() const override;
  Task<Result<Response>> complete(Request request, StreamSink sink) override;

 private:
  struct File;
  RecordingProvider(Provider& inner, std::unique_ptr<File> file, Placeholders placeholders);

  Provider& inner_;
  std::unique_ptr<File> file_;
  Placeholders placeholders_;
};

/// Plays a recording back. A request gets the first answer not yet used that was recorded for an
/// equal request, so that parallel requests may come in any order; ids, and in tool results and
/// system texts also times and durations, are not compared. A request that was not recorded is
/// kFailedPrecondition with the JSON Pointer of the first difference, recorded and now. Tokens are
/// those of the recording; an answer that is played back costs nothing.
/// Errors of `open`: kNotFound, kInvalidArgument with "file:line". Thread-safe; never waits.
class ReplayProvider final : public Provider {
 public:
  static Result<std::unique_ptr<ReplayProvider>> open(std::string path, Placeholders placeholders);
  ~ReplayProvider() override;

  std::string_view name() const override { return "replay"; }
  Task<Result<Response>> complete(Request request, StreamSink sink) override;
  /// Exchanges that no request has asked for so far.
  std::size_t unused() const;

 private:
  struct Tape;
  explicit ReplayProvider(std::unique_ptr<Tape> tape);

  std::unique_ptr<Tape> tape_;
};

}  // namespace oap::llm
