#include "audit/checkpoint_check.hpp"

#include <algorithm>

#include "audit/leaves.hpp"
#include "crypto/signature.hpp"
#include "json/print.hpp"

namespace oap::audit {

CheckpointCheck CheckpointCheck::load(const std::string& dir, std::vector<std::string>& problems) {
  CheckpointCheck check;
  const auto all = read_checkpoints(dir);
  const auto key = public_key(dir);
  if (!all || !key) {
    problems.push_back(all ? key.error().message() : all.error().message());
    return check;
  }
  check.key_ = *key;
  if (!all->empty() && !check.key_) {
    problems.push_back(
        fmt::format("{} is missing: the checkpoints cannot be checked", kPublicKeyFile));
  }
  for (const Checkpoint& one : *all) {
    if (check.key_ && !is_signed_by(one, *check.key_)) {
      problems.push_back(
          fmt::format("the checkpoint of records {} to {} is not signed by the folder's key",
                      one.first, one.last));
    }
    check.by_segment_[one.first].push_back(one);
    ++check.count_;
  }
  return check;
}

bool CheckpointCheck::has_own(const Checkpoint& anchor) const {
  const auto found = by_segment_.find(anchor.first);
  return found != by_segment_.end() &&
         std::any_of(found->second.begin(), found->second.end(), [&anchor](const auto& own) {
           return own.last == anchor.last && own.last_hash == anchor.last_hash &&
                  own.root == anchor.root;
         });
}

void CheckpointCheck::add_anchors(const std::vector<Anchor>& anchors,
                                  std::vector<std::string>& problems) {
  for (const Anchor& anchor : anchors) {
    const bool same = key_ && key_->thumbprint() == anchor.key.thumbprint();
    if (!same && (anchors_.empty() || anchors_.back().checkpoint.key != anchor.checkpoint.key)) {
      problems.push_back(fmt::format(
          "the folder's signing key is {}: the anchor of {} was signed by {}",
          key_ ? key_->thumbprint() : "gone", anchor.checkpoint.time, anchor.checkpoint.key));
    }
    anchors_.push_back({anchor.checkpoint, has_own(anchor.checkpoint)});
  }
  for (const Anchor& anchor : anchors) {
    std::vector<Checkpoint>& here = by_segment_[anchor.checkpoint.first];
    here.insert(std::upper_bound(here.begin(), here.end(), anchor.checkpoint,
                                 [](const auto& a, const auto& b) { return a.last < b.last; }),
                anchor.checkpoint);
  }
}

CheckpointCheck::Anchored CheckpointCheck::end_anchors(std::uint64_t last_seq,
                                                       std::uint64_t retired,
                                                       std::vector<std::string>& problems,
                                                       std::vector<std::string>& notes) const {
  std::uint64_t newest = 0;
  Anchored found;
  for (const auto& [anchor, in_folder] : anchors_) {
    if (anchor.last > last_seq) {
      problems.push_back(fmt::format("the anchor of {} names records up to {}: {} are missing",
                                     anchor.time, anchor.last, anchor.last - last_seq));
    } else if (anchor.last <= retired && !in_folder) {
      problems.push_back(
          fmt::format("the anchor of {} names records {} to {}, which were retired since, but the "
                      "folder's checkpoints say something else of them",
                      anchor.time, anchor.first, anchor.last));
    } else if (anchor.last <= retired) {
      ++found.retired;
      notes.push_back(fmt::format(
          "the anchor of {} names records that were retired since: it was compared with the "
          "folder's own checkpoints only",
          anchor.time));
    } else if (!reached_.contains({anchor.first, anchor.last})) {
      problems.push_back(
          fmt::format("the anchor of {} names records {} to {}, but no intact "
                      "segment holds these",
                      anchor.time, anchor.first, anchor.last));
    } else {
      ++found.compared;
      newest = std::max(newest, anchor.last);
    }
  }
  if (found.compared > 0 && problems.empty()) {
    notes.push_back(fmt::format("as {} checkpoints kept elsewhere say, up to record {}",
                                found.compared, newest));
  }
  return found;
}

void CheckpointCheck::begin(const Segment& segment) {
  const auto found = by_segment_.find(segment.first);
  current_ = found == by_segment_.end() ? nullptr : &found->second;
  next_ = 0;
  tree_ = {};
}

std::optional<std::string> CheckpointCheck::record(const Link& link) {
  if (current_ == nullptr || next_ >= current_->size()) {
    return std::nullopt;
  }
  const auto leaf = leaf_of(link.hash);
  if (!leaf) {
    current_ = nullptr;
    return std::nullopt;
  }
  tree_.add(*leaf);
  std::optional<std::string> wrong;
  while (next_ < current_->size() && (*current_)[next_].last <= link.seq) {
    const Checkpoint& due = (*current_)[next_++];
    reached_.emplace(due.first, due.last);
    if (due.last_hash != link.hash || crypto::to_hex(crypto::as_bytes(tree_.root())) != due.root) {
      wrong = fmt::format("records {} to {} are not those that a signed checkpoint of {} names",
                          due.first, due.last, due.time);
    }
  }
  return wrong;
}

std::optional<std::string> CheckpointCheck::end(std::uint64_t last_seq) const {
  for (const auto& [first, checkpoints] : by_segment_) {
    if (const Checkpoint& newest = checkpoints.back(); newest.last > last_seq) {
      return fmt::format("a signed checkpoint of {} names records up to {}: they are missing",
                         newest.time, newest.last);
    }
  }
  return std::nullopt;
}

bool CheckpointCheck::is_signed(const json::Object& body, std::string_view signature) const {
  const auto bytes = crypto::from_base64url(signature);
  return !key_ || (bytes && crypto::verify_signature(*key_, crypto::Algorithm::kEdDsa,
                                                     json::canonical(body), *bytes));
}

}  // namespace oap::audit
