#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "json/value.hpp"

namespace oap::gateway {

/// One tool to be found. The views are needed only while the index is built.
struct Searchable {
  std::string public_name;
  std::string server;
  std::string name;                          ///< as the server calls it
  const json::Object* definition = nullptr;  ///< the MCP Tool object; may be null
};

struct IndexOptions {
  double k1 = 1.2;
  double b = 0.75;
};

struct Hit {
  std::uint32_t tool = 0;  ///< place in what the index was built from
  double score = 0;
};

/// Finds tools by what they are called and say they do: BM25 over the words of name (weighs most),
/// title, server, description, and the names and descriptions of parameters at any depth up to 5.
/// A tool whose public or own name is the query comes first, then those whose name begins with it,
/// then the others by score; equal ones by public name. A word of the query also finds longer
/// words that begin with it, for less. What a tool says of itself counts up to 2,000 words, so
/// that nobody wins by length. Immutable, thread-safe. Source: Robertson, Zaragoza 2009.
class SearchIndex {
 public:
  SearchIndex() = default;
  explicit SearchIndex(std::span<const Searchable> tools, IndexOptions options = {});

  /// At most `limit` tools, best first; none for a query without a word or a match. Only the first
  /// 64 words of the query count.
  std::vector<Hit> search(std::string_view query, std::size_t limit = 5) const;
  std::size_t size() const { return names_.size(); }

 private:
  struct Posting {
    std::uint32_t tool;
    float weight;  ///< of the term in the tool, saturated and normalised
  };
  struct Term {
    std::string text;
    std::vector<Posting> postings;
  };
  struct Names {
    std::string public_name;
    std::string own;   ///< the words of the tool's own name, joined by "_"
    std::string full;  ///< the words of the public name, joined by "_"
  };
  struct Scores;

  void weigh(const std::vector<float>& lengths, IndexOptions options);
  void score_words(const std::vector<std::string>& words, Scores& scores) const;
  void add_term(const Term& term, double factor, Scores& scores) const;
  void rank_names(std::string_view query, const std::vector<std::string>& words,
                  Scores& scores) const;

  std::vector<Names> names_;
  std::vector<Term> terms_;                                     ///< by text
  std::vector<std::pair<std::string, std::uint32_t>> by_name_;  ///< `own` and `full`, sorted
};

}  // namespace oap::gateway
