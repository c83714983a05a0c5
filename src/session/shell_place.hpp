#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace oap::session {

/// How the shell reads the place behind what was passed. It errs towards refusing; whoever fills
/// reads the result again. Source: bash 5.2 manual, 3.1.2, 3.2.5 and 3.5.
class ShellPlace {
 public:
  enum class Kind : std::uint8_t {
    kPlain,
    kSingle,
    kDouble,
    kAnsi,        ///< $'…'
    kParen,       ///< $(…), (…), <(…)
    kArithmetic,  ///< $((…)), ((…)), $[…]
    kBrace,       ///< ${…}
    kTest,        ///< [[ … ]]
    kComment
  };

  void pass(std::string_view text);
  /// Data, quoted for the place.
  void pass_data();

  /// kPlain, kSingle or kDouble, where nothing is refused.
  Kind kind() const;
  /// Why no data may stand here: a half sentence; "" where it may.
  std::string_view refusal() const;

 private:
  std::size_t plain(std::string_view rest);
  std::size_t doubled(std::string_view rest);
  std::size_t dollar(std::string_view rest);
  std::size_t step(std::string_view rest);
  Kind top() const { return open_.empty() ? Kind::kPlain : open_.back(); }

  std::vector<Kind> open_;
  char before_ = '\n';
  bool here_document_ = false;
  bool after_dollar_ = false;
};

}  // namespace oap::session
