#include "rounds.hpp"

#include <span>
#include <utility>

namespace tessera::preprocess {

namespace {

class StreamRounds final : public Rounds {
  public:
    StreamRounds(comm::Communicator const& comm, PreprocessConfig const& config,
                 capture::CaptureFile const& file)
        : comm_(comm) {
        if (comm.is_root()) reader_ = capture::open_capture(file, config.capture);
    }

    bool next(PacketPost& post, Work const& work, OnBytes const& on_bytes) override {
        std::uint64_t more = 0;
        comm::agreed_sum(
            comm_,
            [&] {
                work();
                if (!reader_) return;
                more = read(post) ? 1 : 0;
                on_bytes(reader_->position() - std::exchange(told_, reader_->position()));
            },
            std::span(&more, 1));
        return more != 0;
    }

    std::optional<capture::ReadFault> fault() const override {
        return reader_ ? reader_->fault() : std::nullopt;
    }

  private:
    // False at the end of the capture. Where a filter drops nearly all, what was read ends the
    // round: progress is told and a signal is heeded between rounds.
    bool read(PacketPost& post) {
        constexpr std::uint64_t posted = std::uint64_t{4} << 20U;  // bytes in a round, at most
        constexpr std::uint64_t read = std::uint64_t{16} << 20U;
        constexpr std::uint64_t header = 16;  // of a frame in a file: empty ones count too
        packet::Frame frame;
        bool more = true;
        std::uint64_t bytes = 0;
        while (more && post.bytes() < posted && bytes < read) {
            more = reader_->next(frame);
            if (more) post.take(frame);
            bytes += frame.bytes.size() + header;
        }
        post.end_chunk();
        return more;
    }

    comm::Communicator const& comm_;
    std::unique_ptr<capture::CaptureReader> reader_;  // null but on rank 0
    std::uint64_t told_ = 0;
};

}  // namespace

std::unique_ptr<Rounds> stream_rounds(comm::Communicator const& comm,
                                      PreprocessConfig const& config,
                                      capture::CaptureFile const& file) {
    return std::make_unique<StreamRounds>(comm, config, file);
}

}  // namespace tessera::preprocess
