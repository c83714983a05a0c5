#include "gateway/trust/confusable.hpp"

#include <algorithm>
#include <iterator>

#include "gateway/trust/hidden.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::gateway {
namespace {

struct LookAlike {
  char32_t from;
  char to;
};

// By code point.
constexpr LookAlike kLookAlikes[] = {
    {0xC0, 'a'},  {0xC1, 'a'},   {0xC2, 'a'},   {0xC3, 'a'},  {0xC4, 'a'},  {0xC5, 'a'},
    {0xC7, 'c'},  {0xC8, 'e'},   {0xC9, 'e'},   {0xCA, 'e'},  {0xCB, 'e'},  {0xCC, 'i'},
    {0xCD, 'i'},  {0xCE, 'i'},   {0xCF, 'i'},   {0xD1, 'n'},  {0xD2, 'o'},  {0xD3, 'o'},
    {0xD4, 'o'},  {0xD5, 'o'},   {0xD6, 'o'},   {0xD8, 'o'},  {0xD9, 'u'},  {0xDA, 'u'},
    {0xDB, 'u'},  {0xDC, 'u'},   {0xDD, 'y'},   {0xE0, 'a'},  {0xE1, 'a'},  {0xE2, 'a'},
    {0xE3, 'a'},  {0xE4, 'a'},   {0xE5, 'a'},   {0xE7, 'c'},  {0xE8, 'e'},  {0xE9, 'e'},
    {0xEA, 'e'},  {0xEB, 'e'},   {0xEC, 'i'},   {0xED, 'i'},  {0xEE, 'i'},  {0xEF, 'i'},
    {0xF0, 'd'},  {0xF1, 'n'},   {0xF2, 'o'},   {0xF3, 'o'},  {0xF4, 'o'},  {0xF5, 'o'},
    {0xF6, 'o'},  {0xF8, 'o'},   {0xF9, 'u'},   {0xFA, 'u'},  {0xFB, 'u'},  {0xFC, 'u'},
    {0xFD, 'y'},  {0xFF, 'y'},   {0x100, 'a'},  {0x101, 'a'}, {0x102, 'a'}, {0x103, 'a'},
    {0x104, 'a'}, {0x105, 'a'},  {0x106, 'c'},  {0x107, 'c'}, {0x108, 'c'}, {0x109, 'c'},
    {0x10A, 'c'}, {0x10B, 'c'},  {0x10C, 'c'},  {0x10D, 'c'}, {0x10E, 'd'}, {0x10F, 'd'},
    {0x110, 'd'}, {0x111, 'd'},  {0x112, 'e'},  {0x113, 'e'}, {0x114, 'e'}, {0x115, 'e'},
    {0x116, 'e'}, {0x117, 'e'},  {0x118, 'e'},  {0x119, 'e'}, {0x11A, 'e'}, {0x11B, 'e'},
    {0x11C, 'g'}, {0x11D, 'g'},  {0x11E, 'g'},  {0x11F, 'g'}, {0x120, 'g'}, {0x121, 'g'},
    {0x122, 'g'}, {0x123, 'g'},  {0x124, 'h'},  {0x125, 'h'}, {0x126, 'h'}, {0x127, 'h'},
    {0x128, 'i'}, {0x129, 'i'},  {0x12A, 'i'},  {0x12B, 'i'}, {0x12C, 'i'}, {0x12D, 'i'},
    {0x12E, 'i'}, {0x12F, 'i'},  {0x130, 'i'},  {0x131, 'i'}, {0x134, 'j'}, {0x135, 'j'},
    {0x136, 'k'}, {0x137, 'k'},  {0x139, 'l'},  {0x13A, 'l'}, {0x13B, 'l'}, {0x13C, 'l'},
    {0x13D, 'l'}, {0x13E, 'l'},  {0x141, 'l'},  {0x142, 'l'}, {0x143, 'n'}, {0x144, 'n'},
    {0x145, 'n'}, {0x146, 'n'},  {0x147, 'n'},  {0x148, 'n'}, {0x14C, 'o'}, {0x14D, 'o'},
    {0x14E, 'o'}, {0x14F, 'o'},  {0x150, 'o'},  {0x151, 'o'}, {0x154, 'r'}, {0x155, 'r'},
    {0x156, 'r'}, {0x157, 'r'},  {0x158, 'r'},  {0x159, 'r'}, {0x15A, 's'}, {0x15B, 's'},
    {0x15C, 's'}, {0x15D, 's'},  {0x15E, 's'},  {0x15F, 's'}, {0x160, 's'}, {0x161, 's'},
    {0x162, 't'}, {0x163, 't'},  {0x164, 't'},  {0x165, 't'}, {0x166, 't'}, {0x167, 't'},
    {0x168, 'u'}, {0x169, 'u'},  {0x16A, 'u'},  {0x16B, 'u'}, {0x16C, 'u'}, {0x16D, 'u'},
    {0x16E, 'u'}, {0x16F, 'u'},  {0x170, 'u'},  {0x171, 'u'}, {0x172, 'u'}, {0x173, 'u'},
    {0x174, 'w'}, {0x175, 'w'},  {0x176, 'y'},  {0x177, 'y'}, {0x178, 'y'}, {0x179, 'z'},
    {0x17A, 'z'}, {0x17B, 'z'},  {0x17C, 'z'},  {0x17D, 'z'}, {0x17E, 'z'}, {0x184, 'b'},
    {0x192, 'f'}, {0x1C0, 'l'},  {0x251, 'a'},  {0x261, 'g'}, {0x280, 'r'}, {0x282, 's'},
    {0x391, 'a'}, {0x392, 'b'},  {0x395, 'e'},  {0x396, 'z'}, {0x397, 'h'}, {0x399, 'i'},
    {0x39A, 'k'}, {0x39C, 'm'},  {0x39D, 'n'},  {0x39F, 'o'}, {0x3A1, 'p'}, {0x3A4, 't'},
    {0x3A5, 'y'}, {0x3A7, 'x'},  {0x3B1, 'a'},  {0x3B3, 'y'}, {0x3B7, 'n'}, {0x3B9, 'i'},
    {0x3BA, 'k'}, {0x3BD, 'v'},  {0x3BF, 'o'},  {0x3C1, 'p'}, {0x3C3, 'o'}, {0x3C4, 't'},
    {0x3C5, 'u'}, {0x3C7, 'x'},  {0x3C9, 'w'},  {0x3DC, 'f'}, {0x3F2, 'c'}, {0x3F3, 'j'},
    {0x3F5, 'e'}, {0x3F9, 'c'},  {0x400, 'e'},  {0x401, 'e'}, {0x405, 's'}, {0x406, 'i'},
    {0x407, 'i'}, {0x408, 'j'},  {0x410, 'a'},  {0x412, 'b'}, {0x415, 'e'}, {0x41A, 'k'},
    {0x41C, 'm'}, {0x41D, 'h'},  {0x41E, 'o'},  {0x420, 'p'}, {0x421, 'c'}, {0x422, 't'},
    {0x423, 'y'}, {0x425, 'x'},  {0x42C, 'b'},  {0x430, 'a'}, {0x433, 'r'}, {0x435, 'e'},
    {0x43A, 'k'}, {0x43C, 'm'},  {0x43E, 'o'},  {0x43F, 'n'}, {0x440, 'p'}, {0x441, 'c'},
    {0x442, 't'}, {0x443, 'y'},  {0x445, 'x'},  {0x448, 'w'}, {0x450, 'e'}, {0x451, 'e'},
    {0x455, 's'}, {0x456, 'i'},  {0x457, 'i'},  {0x458, 'j'}, {0x474, 'v'}, {0x475, 'v'},
    {0x4AE, 'y'}, {0x4AF, 'y'},  {0x4BB, 'h'},  {0x4BD, 'e'}, {0x4C0, 'l'}, {0x4CF, 'l'},
    {0x501, 'd'}, {0x51B, 'q'},  {0x51C, 'w'},  {0x51D, 'w'}, {0x54D, 'u'}, {0x54F, 's'},
    {0x555, 'o'}, {0x563, 'q'},  {0x570, 'h'},  {0x578, 'n'}, {0x57D, 'u'}, {0x581, 'g'},
    {0x585, 'o'}, {0x1D00, 'a'}, {0x1D04, 'c'},
};

bool is_separator(char32_t c) {
  return c == '_' || c == '-' || c == '.' || c == ':' || c == '/' || c == ' ' || c == 0xA0 ||
         (c >= 0x2010 && c <= 0x2015) || c == 0x3000 || c == 0xFF3F || c == 0xFF0D;
}

/// Full-width, mathematical and enclosed letters: copies of A–Z and a–z in rows.
char32_t unstyled(char32_t c) {
  if (c >= 0xFF01 && c <= 0xFF5E) {
    return c - 0xFF01 + '!';
  }
  if (c >= 0x1D400 && c <= 0x1D6A3) {
    const char32_t at = (c - 0x1D400) % 52;
    return at < 26 ? 'A' + at : 'a' + (at - 26);
  }
  if (c >= 0x1D7CE && c <= 0x1D7FF) {
    return '0' + (c - 0x1D7CE) % 10;
  }
  return c >= 0x24B6 && c <= 0x24E9 ? 'a' + (c - 0x24B6) % 26 : c;
}

char32_t letter_of(char32_t c) {
  const auto* const at =
      std::lower_bound(std::begin(kLookAlikes), std::end(kLookAlikes), c,
                       [](const LookAlike& each, char32_t value) { return each.from < value; });
  return at != std::end(kLookAlikes) && at->from == c ? static_cast<char32_t>(at->to) : c;
}

char32_t folded_digit(char32_t c) {
  if (c == '0') {
    return 'o';
  }
  return c == '1' || c == 'i' || c == '|' ? U'l' : c;
}

bool is_combining(char32_t c) {
  return (c >= 0x300 && c <= 0x36F) || (c >= 0x1AB0 && c <= 0x1AFF) || (c >= 0x20D0 && c <= 0x20FF);
}

}  // namespace

std::string name_skeleton(std::string_view name) {
  std::string out;
  out.reserve(name.size());
  for (const text::CodePoint each : text::CodePoints(name)) {
    char32_t c = each.value;
    if (c >= 0x80) {
      if (text::is_deceptive(c) || is_combining(c)) {
        continue;
      }
      c = letter_of(unstyled(c));
    }
    if (is_separator(c) || c < 0x20 || c == 0x7F) {
      continue;
    }
    c = c < 0x80 ? static_cast<char32_t>(text::to_lower(static_cast<char>(c))) : c;
    text::append_utf8(out, folded_digit(c));
  }
  return out;
}

std::string plain_form(std::string_view name) {
  std::string out;
  out.reserve(name.size());
  for (const char c : name) {
    if (!is_separator(static_cast<unsigned char>(c) < 0x80 ? static_cast<char32_t>(c) : 0x80)) {
      out += text::to_lower(c);
    }
  }
  return out;
}

}  // namespace oap::gateway
