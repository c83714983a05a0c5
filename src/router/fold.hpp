#pragma once

#include <string>
#include <string_view>

namespace oap::router {

/// The text in the one form in which words are compared: lower case, Latin letters without accents
/// (ß as ss, ł as l), full-width forms as ASCII, all quotation marks as `"` and all apostrophes as
/// `'`, all spaces as ' '. A line break stays where a new sentence may begin after it (upper case,
/// another script, a list marker or an empty line) and is a space elsewhere. Any bytes are
/// accepted. Pure and linear.
std::string fold(std::string_view text);

/// True for Han, kana and Hangul, which are written without spaces or with endings in the word.
bool is_cjk(char32_t code_point);
bool is_kana(char32_t code_point);
bool is_hangul(char32_t code_point);

/// Words between white space, where each CJK character counts as one and an unbroken run beyond 200
/// bytes as one for each four bytes.
int count_tokens(std::string_view text);

}  // namespace oap::router
