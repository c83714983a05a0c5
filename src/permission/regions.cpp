#include "permission/regions.hpp"

#include "permission/region_walk.hpp"

namespace oap::permission {
namespace {

using namespace walk;

/// So many states are looked at for each place of the budget: thousands of languages side by side
/// make places that are dear.
constexpr std::size_t kWorkOfOne = 200;

class Search : public Walk {
 public:
  using Walk::Walk;

  RegionMap run() {
    for (std::size_t at = 0; at < found_.size(); ++at) {
      if (found_.size() > budget_ || work_ > budget_ * kWorkOfOne) {
        out_.complete = false;
        break;
      }
      note(at);
      go_on(at);
    }
    return std::move(out_);
  }

 private:
  void note(std::size_t at) {
    const Product& product = found_[at]->first;
    if (product.place != kInside) {
      return;
    }
    std::vector<std::uint32_t> members = members_at(product);
    if (regions_.insert(members).second) {
      out_.regions.push_back({std::move(members), witness(at)});
    }
  }

  std::set<std::vector<std::uint32_t>> regions_;
  RegionMap out_;
};

GlobNode character(char32_t c) {
  GlobNode node;
  node.value = c;
  return node;
}

void append_text(GlobSequence& out, std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const text::GlobChar c = text::glob_char_at(text, at);
    out.push_back(character(c.value));
    at += c.length;
  }
}

GlobNode blank_and_anything() {
  GlobNode any;
  any.kind = Kind::kCrossRun;
  GlobNode node;
  node.kind = Kind::kOptional;
  node.branches = {{character(' '), any}};
  return node;
}

/// `*` and `?` in a program's name take no blank.
void forbid_blanks(GlobSequence& nodes) {
  for (GlobNode& node : nodes) {
    for (GlobSequence& branch : node.branches) {
      forbid_blanks(branch);
    }
    if (node.kind == Kind::kCrossRun) {
      node.kind = Kind::kRun;
    } else if (node.kind == Kind::kOne) {
      node.kind = Kind::kClass;
      node.set = {{{' ', ' '}}, true};
    }
  }
}

}  // namespace

text::GlobSequence text_language(std::string_view text) {
  GlobSequence out;
  append_text(out, text);
  return out;
}

text::GlobSequence words_language(const std::vector<std::string>& words) {
  GlobSequence out;
  for (const std::string& word : words) {
    if (!out.empty()) {
      out.push_back(character(' '));
    }
    append_text(out, word);
  }
  out.push_back(blank_and_anything());
  return out;
}

text::GlobSequence program_language(const text::GlobSequence& program) {
  GlobSequence out = program;
  forbid_blanks(out);
  out.push_back(blank_and_anything());
  return out;
}

RegionMap regions_of(const std::vector<text::GlobSequence>& languages, Texts texts,
                     std::size_t budget) {
  Automaton automaton;
  automaton.texts = texts;
  std::vector<const GlobSequence*> all;
  all.reserve(languages.size());
  for (const GlobSequence& language : languages) {
    all.push_back(&language);
  }
  std::vector<std::uint32_t> starts = add_languages(automaton, all);
  return Search(automaton, std::move(starts), budget).run();
}

}  // namespace oap::permission
