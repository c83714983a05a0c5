#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace oap::security {

// The encoded parts of a text and what they hold. Pure; private to this folder.

/// A run of base64 or hex: possibly over several lines, when each is long.
struct EncodedRun {
  std::size_t start = 0;
  std::size_t end = 0;
};

/// Finds the runs of 24 and more in a text that comes in pieces.
class RunFinder {
 public:
  /// Appends the runs that are complete in `text` (its places are relative to `base`; what lies
  /// before held() is not looked at again). Unless `last`, one that touches the end waits.
  void look(std::string_view text, std::size_t base, bool last, std::vector<EncodedRun>& runs);
  /// What may still be the beginning of a run.
  std::size_t held() const { return held_; }

 private:
  std::size_t held_ = 0;
  std::size_t seen_ = 0;  ///< the waiting run was looked through up to here
  std::size_t line_ = 0;  ///< where its present line begins
};

/// A decoded text; `from[i]` is where byte i comes from, with one more entry for its end.
struct Decoded {
  std::string text;
  std::vector<std::uint32_t> from;
};

/// The readable texts in a run: base64, base64url or hex. More than one where it may begin late.
std::vector<Decoded> decode_run(std::string_view run);

/// Percent escapes decoded.
Decoded decode_percent(std::string_view text);
/// `\u0041`, `\x41`, `\101`, `&#65;`, `&#x41;` decoded.
/// Without colours, characters of no width, NULs, and the ends of lines that go on.
Decoded without_hidden(std::string_view text);
Decoded decode_escapes(std::string_view text);

/// Whether the white space at `at` belongs to the end of a line that goes on in the next: "…\\" or
/// "…=" (RFC 2045 section 6.7), but no "=" that fills up base64.
bool joins(std::string_view text, std::size_t at);

}  // namespace oap::security
