#pragma once

#include <cstddef>
#include <string_view>

namespace oap::audit {

/// The top-level members of a canonical JSON object, one after the other, as they are printed: no
/// value is parsed. For lines whose hash is checked elsewhere. Pure; never reads beyond its text.
class RawMembers {
 public:
  explicit RawMembers(std::string_view object) : rest_(object) {
    good_ = rest_.starts_with('{');
    rest_.remove_prefix(good_ ? 1 : 0);
  }

  /// Goes to the next member; false at the end and where the text is no object.
  bool next();
  std::string_view key() const { return key_; }
  std::string_view value() const { return value_; }
  /// What stands between the quotes, still escaped; empty where the value is no text.
  std::string_view text() const {
    return value_.size() >= 2 && value_.front() == '"' ? value_.substr(1, value_.size() - 2)
                                                       : std::string_view();
  }

 private:
  std::size_t value_size() const;

  std::string_view rest_;
  std::string_view key_;
  std::string_view value_;
  bool good_;
};

}  // namespace oap::audit
