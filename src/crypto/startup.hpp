#pragma once

namespace oap::crypto {

/// For a program that lives for a few digests: OpenSSL then reads no configuration file, lists no
/// algorithms by their old names and tidies nothing up at the end. Takes half of its start away.
/// Call before anything else of this folder; later calls change nothing.
void start_bare();

}  // namespace oap::crypto
