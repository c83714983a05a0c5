#include "gateway/trust/shadow.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include "gateway/trust/confusable.hpp"
#include "text/utf8.hpp"

namespace oap::gateway {
namespace {

constexpr std::size_t kLongName = 8;
constexpr std::size_t kMaxName = 128;
constexpr std::size_t kMinDescription = 24;
/// Names that share all but one character: beyond this many they are not all compared.
constexpr std::size_t kMaxBucket = 64;
constexpr std::size_t kMaxComparisons = 200'000;

using Indexes = std::vector<std::uint32_t>;

struct Subject {
  const ToolSpec* spec;
  std::string skeleton;
};

bool spans_servers(const std::vector<Subject>& subjects, const Indexes& group) {
  return std::any_of(group.begin(), group.end(), [&](std::uint32_t i) {
    return subjects[i].spec->server != subjects[group.front()].spec->server;
  });
}

/// At most one character inserted, deleted, replaced, or two neighbours swapped. Not equal.
bool one_edit_apart(std::string_view a, std::string_view b) {
  const std::size_t shorter = std::min(a.size(), b.size());
  const auto head = static_cast<std::size_t>(
      std::mismatch(a.begin(), a.begin() + shorter, b.begin()).first - a.begin());
  std::size_t tail = 0;
  while (tail < shorter - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) {
    ++tail;
  }
  const std::string_view left = a.substr(head, a.size() - head - tail);
  const std::string_view right = b.substr(head, b.size() - head - tail);
  const auto one = [](std::string_view text) {
    return text.empty() || text::decode_at(text, 0).length == text.size();
  };
  const bool swapped =
      left.size() == 2 && right.size() == 2 && left[0] == right[1] && left[1] == right[0];
  return a != b && ((one(left) && one(right)) || swapped);
}

class Search {
 public:
  Search(std::span<const ToolSpec> tools, std::size_t max_found) : max_found_(max_found) {
    for (const ToolSpec& tool : tools) {
      subjects_.push_back({&tool, ""});
    }
    std::sort(subjects_.begin(), subjects_.end(), [](const Subject& a, const Subject& b) {
      return std::tie(a.spec->server, a.spec->name) < std::tie(b.spec->server, b.spec->name);
    });
    for (Subject& subject : subjects_) {
      subject.skeleton = name_skeleton(std::string_view(subject.spec->name).substr(0, kMaxName));
    }
  }

  Shadows run() {
    same_skeletons();
    near_names();
    same_descriptions();
    std::sort(shadows_.found.begin(), shadows_.found.end(), [](const Shadow& a, const Shadow& b) {
      return std::make_tuple(a.kind, a.tools.front().tool, a.tools.front().server) <
             std::make_tuple(b.kind, b.tools.front().tool, b.tools.front().server);
    });
    return std::move(shadows_);
  }

 private:
  using Names = std::vector<const std::pair<const std::string, Indexes>*>;
  using Shortened = std::vector<std::pair<std::size_t, std::uint32_t>>;  ///< hash, place in Names

  void add(ShadowKind kind, const Indexes& group) {
    constexpr std::size_t kMaxTools = 50;
    if (shadows_.found.size() >= max_found_) {
      shadows_.complete = false;
      return;
    }
    Shadow shadow;
    shadow.kind = kind;
    shadow.severity = kind == ShadowKind::kLookAlike ? Severity::kWarning : Severity::kNote;
    for (const std::uint32_t i : group) {
      if (shadow.tools.size() == kMaxTools) {
        shadows_.complete = false;
        break;
      }
      shadow.tools.push_back({subjects_[i].spec->server, subjects_[i].spec->name});
    }
    shadows_.found.push_back(std::move(shadow));
  }

  void same_skeletons() {
    for (std::uint32_t i = 0; i < subjects_.size(); ++i) {
      by_skeleton_[subjects_[i].skeleton].push_back(i);
    }
    for (const auto& [skeleton, group] : by_skeleton_) {
      if (group.size() < 2 || !spans_servers(subjects_, group)) {
        continue;
      }
      const std::string form = plain_form(subjects_[group.front()].spec->name);
      const bool same = std::all_of(group.begin(), group.end(), [&](std::uint32_t i) {
        return plain_form(subjects_[i].spec->name) == form;
      });
      add(same ? ShadowKind::kSameName : ShadowKind::kLookAlike, group);
    }
  }

  /// Two names one edit apart become equal when the right character is left out of each (or of
  /// one), so only names that share such a shortened form are compared.
  void near_names() {
    Names names;
    Shortened shortened;
    for (const auto& each : by_skeleton_) {
      if (each.first.size() < kLongName) {
        continue;
      }
      const auto id = static_cast<std::uint32_t>(names.size());
      names.push_back(&each);
      const std::string_view name = each.first;
      shortened.emplace_back(std::hash<std::string_view>{}(name), id);
      std::string rest;
      for (std::size_t at = 0; at < name.size();) {
        const std::size_t length = text::decode_at(name, at).length;
        rest.assign(name.substr(0, at)).append(name.substr(at + length));
        shortened.emplace_back(std::hash<std::string_view>{}(rest), id);
        at += length;
      }
    }
    std::sort(shortened.begin(), shortened.end());
    shortened.erase(std::unique(shortened.begin(), shortened.end()), shortened.end());
    for (const auto& [a, b] : near_pairs(names, shortened)) {
      tell_near(names[a]->second, names[b]->second);
    }
  }

  std::set<std::pair<std::uint32_t, std::uint32_t>> near_pairs(const Names& names,
                                                               const Shortened& shortened) {
    std::set<std::pair<std::uint32_t, std::uint32_t>> pairs;
    std::size_t comparisons = 0;
    for (std::size_t begin = 0; begin < shortened.size();) {
      std::size_t end = begin;
      while (end < shortened.size() && shortened[end].first == shortened[begin].first) {
        ++end;
      }
      const std::size_t last = std::min(end, begin + kMaxBucket);
      comparisons += (last - begin) * (last - begin - 1) / 2;
      if (comparisons > kMaxComparisons) {
        shadows_.complete = false;
        break;
      }
      shadows_.complete = shadows_.complete && last == end;
      for (std::size_t i = begin; i < last; ++i) {
        for (std::size_t j = i + 1; j < last; ++j) {
          const auto pair = std::make_pair(shortened[i].second, shortened[j].second);
          if (one_edit_apart(names[pair.first]->first, names[pair.second]->first)) {
            pairs.insert(pair);
          }
        }
      }
      begin = end;
    }
    return pairs;
  }

  void tell_near(const Indexes& a, const Indexes& b) {
    Indexes both = a;
    both.insert(both.end(), b.begin(), b.end());
    std::sort(both.begin(), both.end());
    if (spans_servers(subjects_, both)) {
      add(ShadowKind::kNearName, both);
    }
  }

  void same_descriptions() {
    std::unordered_map<std::string_view, Indexes> groups;
    for (std::uint32_t i = 0; i < subjects_.size(); ++i) {
      const std::string& description = subjects_[i].spec->description;
      if (description.size() >= kMinDescription) {
        groups[description].push_back(i);
      }
    }
    std::vector<Indexes> shared;
    for (auto& [description, group] : groups) {
      const bool one_name = std::all_of(group.begin(), group.end(), [&](std::uint32_t i) {
        return subjects_[i].skeleton == subjects_[group.front()].skeleton;
      });
      if (!one_name && spans_servers(subjects_, group)) {
        shared.push_back(std::move(group));
      }
    }
    std::sort(shared.begin(), shared.end());
    for (const Indexes& group : shared) {
      add(ShadowKind::kSameDescription, group);
    }
  }

  std::size_t max_found_;
  std::vector<Subject> subjects_;
  std::map<std::string, Indexes> by_skeleton_;
  Shadows shadows_;
};

}  // namespace

std::string_view to_string(ShadowKind kind) {
  constexpr std::array<std::string_view, 4> kNames{"same_name", "look_alike", "near_name",
                                                   "same_description"};
  return kNames[static_cast<std::size_t>(kind)];
}

Shadows near_duplicates(std::span<const ToolSpec> tools, std::size_t max_found) {
  return Search(tools, max_found).run();
}

json::Object to_json(const Shadow& shadow) {
  const auto string = [](std::string_view text) { return json::Value(json::String(text)); };
  json::Array tools;
  for (const ToolRef& tool : shadow.tools) {
    tools.push_back(json::Object{{"server", string(tool.server)}, {"tool", string(tool.tool)}});
  }
  return {{"kind", string(to_string(shadow.kind))},
          {"severity", shadow.severity == Severity::kNote ? "note" : "warning"},
          {"tools", std::move(tools)}};
}

}  // namespace oap::gateway
