#include <fmt/format-inl.h>

// What fmt's shared library exports and our folders use, for a program that is linked without it.
namespace fmt::detail {

template std::locale locale_ref::get<std::locale>() const;
template char decimal_point_impl(locale_ref);
template thousands_sep_result<char> thousands_sep_impl<char>(locale_ref);
template dragonbox::decimal_fp<float> dragonbox::to_decimal(float) noexcept;
template dragonbox::decimal_fp<double> dragonbox::to_decimal(double) noexcept;

}  // namespace fmt::detail
