#include "gateway/search/index.hpp"

#include <algorithm>
#include <cmath>

#include "gateway/search/tokens.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::gateway {
namespace {

constexpr std::size_t kMaxWords = 2000;
constexpr std::size_t kMaxQueryWords = 64;
constexpr std::size_t kMaxDepth = 5;
constexpr std::size_t kMaxValues = 2000;
constexpr float kNameWeight = 4;
constexpr float kTitleWeight = 2;
constexpr float kServerWeight = 1.5F;
constexpr float kParameterWeight = 1;
constexpr float kDescriptionWeight = 1;
constexpr float kParameterTextWeight = 0.5F;
/// Of a longer word that begins with the query's, and how many of those count.
constexpr double kBeginning = 0.5;
constexpr std::size_t kMaxBeginnings = 32;
constexpr std::size_t kMinBeginning = 3;

using Weighted = std::vector<std::pair<std::uint32_t, float>>;

/// Word → number, in the order of first sight.
class Vocabulary {
 public:
  std::uint32_t id(std::string&& word) {
    const auto next = static_cast<std::uint32_t>(ids_.size());
    return ids_.try_emplace(std::move(word), next).first->second;
  }
  const std::unordered_map<std::string, std::uint32_t>& ids() const { return ids_; }

 private:
  std::unordered_map<std::string, std::uint32_t> ids_;
};

/// Gathers the weighted words of one tool.
class Words {
 public:
  explicit Words(Vocabulary& vocabulary) : vocabulary_(vocabulary) {}

  void add(std::string_view text, float weight) {
    for (std::string& word : tokens(text, left_)) {
      --left_;
      length_ += weight;
      words_.emplace_back(vocabulary_.id(std::move(word)), weight);
    }
  }

  void add_schema(const json::Value& schema, std::size_t depth) {
    if (depth > kMaxDepth || values_left_ == 0) {
      return;
    }
    --values_left_;
    if (const json::Object* const properties = json::find_object(schema, "properties")) {
      for (const auto& member : *properties) {
        add(member.key(), kParameterWeight);
        add(json::get_string(member.value(), "description"), kParameterTextWeight);
        add_schema(member.value(), depth + 1);
        if (left_ == 0 || values_left_ == 0) {
          return;
        }
      }
    }
    if (const json::Value* const items = json::find(schema, "items")) {
      add_schema(*items, depth + 1);
    }
  }

  /// Each word once, with all of its weight.
  Weighted merged() {
    std::sort(words_.begin(), words_.end());
    Weighted each;
    for (const auto& [word, weight] : words_) {
      if (!each.empty() && each.back().first == word) {
        each.back().second += weight;
      } else {
        each.emplace_back(word, weight);
      }
    }
    return each;
  }
  float length() const { return length_; }

 private:
  Vocabulary& vocabulary_;
  Weighted words_;
  float length_ = 0;
  std::size_t left_ = kMaxWords;
  std::size_t values_left_ = kMaxValues;
};

void gather(const Searchable& tool, Words& words) {
  words.add(tool.name, kNameWeight);
  words.add(tool.server, kServerWeight);
  if (tool.definition != nullptr) {
    words.add(json::get_string(*tool.definition, "title"), kTitleWeight);
    words.add(json::get_string(*tool.definition, "description"), kDescriptionWeight);
    if (const json::Value* const schema = json::find(*tool.definition, "inputSchema")) {
      words.add_schema(*schema, 0);
    }
  }
}

enum Rank : std::uint8_t { kOther, kPrefix, kSameWords, kExact };

}  // namespace

struct SearchIndex::Scores {
  explicit Scores(std::size_t size) : score(size), rank(size), seen(size) {}

  void touch(std::uint32_t tool) {
    if (seen[tool] == 0) {
      seen[tool] = 1;
      touched.push_back(tool);
    }
  }
  void raise(std::uint32_t tool, Rank to) {
    touch(tool);
    rank[tool] = std::max<std::uint8_t>(rank[tool], to);
  }

  std::vector<double> score;
  std::vector<std::uint8_t> rank;
  std::vector<std::uint8_t> seen;
  std::vector<std::uint32_t> touched;
};

SearchIndex::SearchIndex(std::span<const Searchable> tools, IndexOptions options) {
  Vocabulary vocabulary;
  std::vector<float> lengths;
  names_.reserve(tools.size());
  lengths.reserve(tools.size());
  for (const Searchable& tool : tools) {
    const auto place = static_cast<std::uint32_t>(names_.size());
    Words words(vocabulary);
    gather(tool, words);
    terms_.resize(vocabulary.ids().size());
    for (const auto& [word, weight] : words.merged()) {
      terms_[word].postings.push_back({place, weight});
    }
    lengths.push_back(words.length());
    names_.push_back({tool.public_name, text::join(tokens(tool.name), "_"),
                      text::join(tokens(tool.public_name), "_")});
    by_name_.emplace_back(names_.back().own, place);
    if (names_.back().full != names_.back().own) {
      by_name_.emplace_back(names_.back().full, place);
    }
  }
  for (const auto& [word, id] : vocabulary.ids()) {
    terms_[id].text = word;
  }
  std::sort(by_name_.begin(), by_name_.end());
  std::sort(terms_.begin(), terms_.end(),
            [](const Term& a, const Term& b) { return a.text < b.text; });
  weigh(lengths, options);
}

void SearchIndex::weigh(const std::vector<float>& lengths, IndexOptions options) {
  double total = 0;
  for (const float length : lengths) {
    total += length;
  }
  const double average = std::max(total / std::max<double>(1, static_cast<double>(size())), 1.0);
  for (Term& term : terms_) {
    const auto holders = static_cast<double>(term.postings.size());
    const double rarity =
        std::log(1 + (static_cast<double>(size()) - holders + 0.5) / (holders + 0.5));
    for (Posting& posting : term.postings) {
      const double norm =
          options.k1 * (1 - options.b + options.b * lengths[posting.tool] / average);
      const double frequency = posting.weight;
      posting.weight =
          static_cast<float>(rarity * frequency * (options.k1 + 1) / (frequency + norm));
    }
  }
}

void SearchIndex::add_term(const Term& term, double factor, Scores& scores) const {
  for (const Posting& posting : term.postings) {
    scores.touch(posting.tool);
    scores.score[posting.tool] += factor * posting.weight;
  }
}

void SearchIndex::score_words(const std::vector<std::string>& words, Scores& scores) const {
  for (const std::string& word : words) {
    auto at = std::lower_bound(
        terms_.begin(), terms_.end(), word,
        [](const Term& term, const std::string& text) { return term.text < text; });
    if (at != terms_.end() && at->text == word) {
      add_term(*at, 1, scores);
      ++at;
    }
    if (word.size() < kMinBeginning) {
      continue;
    }
    for (std::size_t i = 0; i < kMaxBeginnings && at != terms_.end() && at->text.starts_with(word);
         ++i, ++at) {
      add_term(*at, kBeginning, scores);
    }
  }
}

void SearchIndex::rank_names(std::string_view query, const std::vector<std::string>& words,
                             Scores& scores) const {
  const std::string joined = text::join(words, "_");
  auto at = std::lower_bound(by_name_.begin(), by_name_.end(), std::make_pair(joined, 0U));
  for (; at != by_name_.end() && at->first.starts_with(joined); ++at) {
    const bool is_same = at->first.size() == joined.size();
    const bool is_exact = is_same && names_[at->second].public_name == query;
    scores.raise(at->second, is_exact ? kExact : is_same ? kSameWords : kPrefix);
  }
}

std::vector<Hit> SearchIndex::search(std::string_view query, std::size_t limit) const {
  const std::string_view wanted = text::trim(query);
  std::vector<std::string> words = tokens(wanted, kMaxQueryWords);
  if (words.empty() || limit == 0) {
    return {};
  }
  Scores scores(size());
  rank_names(wanted, words, scores);
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  score_words(words, scores);
  const auto better = [&](std::uint32_t a, std::uint32_t b) {
    if (scores.rank[a] != scores.rank[b]) {
      return scores.rank[a] > scores.rank[b];
    }
    if (scores.score[a] != scores.score[b]) {
      return scores.score[a] > scores.score[b];
    }
    const int order = names_[a].public_name.compare(names_[b].public_name);
    return order != 0 ? order < 0 : a < b;
  };
  const auto wanted_count = static_cast<std::ptrdiff_t>(std::min(limit, scores.touched.size()));
  std::partial_sort(scores.touched.begin(), scores.touched.begin() + wanted_count,
                    scores.touched.end(), better);
  std::vector<Hit> hits;
  for (std::ptrdiff_t i = 0; i < wanted_count; ++i) {
    hits.push_back({scores.touched[i], scores.score[scores.touched[i]]});
  }
  return hits;
}

}  // namespace oap::gateway
