#pragma once

#include <string_view>

namespace oap::security {

/// Shannon entropy of the bytes, in bits each. Pure, as all below; private to this folder.
double entropy(std::string_view text);

/// A vendor's documentation sample, a placeholder ("xxxxxxxx", "your-token-here"), or a
/// replacement.
bool is_sample(std::string_view secret);

/// True where a name of a setting says that its value is a secret ("db_password"), and does not
/// take it back ("token_count", "password_file").
bool names_secret(std::string_view name);

/// Whether the value given to such a name is a secret itself rather than a reference, a type, a
/// word.
bool is_secret_value(std::string_view name, std::string_view value, bool quoted);

/// Whether a password in a URL is one, rather than a variable or a placeholder.
bool is_url_password(std::string_view password);

}  // namespace oap::security
