#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "security/known_secrets.hpp"
#include "security/secret_context.hpp"
#include "security/secret_decode.hpp"
#include "security/secret_prefilter.hpp"

namespace oap::security {

/// Finds the secrets of one text that comes in pieces. Private to this folder; of one thread.
class SecretFinder {
 public:
  /// `depth`: how many layers of encoding lie around this text.
  explicit SecretFinder(const KnownSecrets& known, int depth = 0);

  /// How much of the text before decided() a look may want to see again.
  static constexpr std::size_t kContext = 1024;

  /// The text so far, from byte `base` of it on: at least from kContext before decided(), and with
  /// new bytes at the end. False where it cannot be searched.
  bool look(const TextView& view, std::size_t base);
  /// No secret that begins before this byte is unknown, and none lies across it.
  std::size_t decided() const { return decided_; }
  /// What was found, in order, not overlapping, final as far as decided().
  const std::vector<FoundSecret>& findings() const { return findings_; }
  /// What the search has cost so far. It stays in proportion to the text: where it would not, the
  /// rest of what is there counts as a finding of type "unscanned".
  std::uint64_t effort() const { return effort_.spent(); }
  /// The most that a text of so many bytes may cost, but for one look more.
  static std::uint64_t allowance(std::size_t bytes);
  /// Drops the findings before `place`.
  void forget(std::size_t place);

 private:
  struct Candidate {
    std::uint32_t id = 0;
    std::size_t start = 0;  ///< of a token; of a mark its end
    std::size_t end = 0;
    std::size_t hold = 0;      ///< what must wait for it
    std::size_t retry_at = 0;  ///< not worth another look before the text is as long
  };
  struct Here {
    TextView view;
    std::size_t base = 0;
    std::size_t end() const { return base + view.text.size(); }
  };

  bool search(const Here& here);
  bool search_block(const Here& here, std::size_t length);
  void resolve(const Here& here);
  static bool is_encoding(const Candidate& candidate);
  bool settle(const Here& here, Candidate& candidate);
  bool settle_token(const Here& here, Candidate& candidate);
  bool settle_decoded(const Here& here, Candidate& candidate, Mark mark);
  void accept_token(const Here& here, const Candidate& candidate, std::size_t length);
  void find_in_runs(const Here& here);
  bool give_up(const Here& here, const Candidate& candidate);
  std::vector<FoundSecret> find_inside(std::string_view text);
  void search_known(const Here& here);
  bool begins_word(const Here& here, const Candidate& candidate) const;
  std::ptrdiff_t recent() const;
  std::vector<KnownSecrets::Place>::const_iterator first_place_behind(std::size_t place) const;
  void add(std::string_view type, std::size_t start, std::size_t end,
           std::uint32_t rank = FoundSecret::kNamedRank);
  void decide(const Here& here);

  const KnownSecrets& known_;
  int depth_;
  RunFinder run_finder_;
  std::vector<Hit> hits_;
  std::vector<EncodedRun> runs_;
  std::vector<KnownSecrets::Place> places_;
  std::vector<Candidate> pending_;
  std::vector<FoundSecret> findings_;
  Effort effort_;
  std::size_t key_end_ = 0;  ///< of the keys in PEM form that were found
  std::size_t seen_ = 0;
  std::size_t known_seen_ = 0;
  std::size_t decoded_to_ = 0;
  std::size_t decided_ = 0;
};

/// Findings put in order, overlapping ones joined under the most telling type.
void join_findings(std::vector<FoundSecret>& findings);

}  // namespace oap::security
