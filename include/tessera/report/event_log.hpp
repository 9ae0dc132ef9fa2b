#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <tessera/base/bytes.hpp>
#include <tessera/base/files.hpp>

namespace tessera::report {

struct Scalar {
    std::string tag;  ///< TensorBoard groups by what stands before the slash: "train/loss"
    float value = 0;
};

/// Writes a TensorBoard event file: TFRecord frames (length, masked CRC-32C, data, masked CRC-32C)
/// around hand-encoded tensorflow.Event messages. A resumed run opens a new file in the same
/// folder; TensorBoard joins them.
class EventLog {
  public:
    /// Makes `folder`/events.out.tfevents.<seconds>.<writer>; `seconds` since the Unix epoch.
    EventLog(base::FileSystem& files, std::filesystem::path const& folder, double seconds,
             std::string_view writer);

    void add(std::int64_t step, double seconds, std::span<Scalar const> scalars);
    void close();

  private:
    void write_record(std::string_view message);

    std::unique_ptr<base::OutputFile> file_;
};

/// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78; RFC 3720, B.4).
std::uint32_t crc32c(base::ByteSpan bytes);

}  // namespace tessera::report
