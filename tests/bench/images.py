#!/usr/bin/env python3
"""Images against libvips by hand: ratios of rounds side by side, medians of five; a table, and JSON with --json FILE.

  images.py [web] [five] [cascade] [files] [--rounds N] [--executors N] [--copies N] [--json FILE]
      web    photographs -> 512 px -> sharpen -> WebP, against the same loop on libvips in as many processes
      files  the same against that loop op by op, with files between the ops
      five   five sizes of each picture, each with the pixels of its own thumbnail, against the two ways by hand that make them
      cascade  the same where the job lets a thumbnail be made of the next larger one, against the best of three ways by hand
The pictures are GRAPHCAP_TEST_DATA/photos; without it, made ones (said so). Each is taken `--copies` times (3), so that starting counts
for little. What is timed is the outer process: `gcctl run` with its private coordinator up and its executors warm, all outputs
durable and published; of the loop, its whole life with one syncfs at its end. GC_BIN names the folder of the programs.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e", "lib"))
import harness  # noqa: E402

SIZES = (1600, 1024, 512, 256, 128)
EXT = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff")

HEAD = """name: {name}
dag:
  nodes:
    - {{id: photos, op: files, config: {{path: photos, pattern: "**/*.{{jpg,jpeg,png,webp,tif,tiff}}"}}}}
    - {{id: image, op: load, inputs: [photos]}}
"""
WEB = HEAD.format(name="web") + """    - {id: small, op: thumbnail_image, inputs: [image], config: {width: 512, size: down}}
    - {id: crisp, op: sharpen, inputs: [small], config: {sigma: 0.6}}
    - {id: saved, op: save, inputs: [crisp], config: {to: "out/{path}.webp", Q: 80, exists: overwrite}}
"""
FIVE = HEAD.format(name="five") + "".join(
    f"""    - {{id: s{w}, op: thumbnail_image, inputs: [image], config: {{width: {w}, size: down}}}}
    - {{id: saved{w}, op: save, inputs: [s{w}], config: {{to: "out/{{path}}-{w}.webp", Q: 80, exists: overwrite}}}}
""" for w in SIZES)
CASCADE = FIVE.replace("name: five", "name: cascade").replace("op: load, inputs: [photos]}",
                                                             "op: load, inputs: [photos], config: {cascade: true}}")


class Bench:
    def __init__(self, args):
        self.args = args
        self.place = harness.Place("images")
        self.loop = os.path.join(harness.BIN, "bare_loop")
        harness.check(os.path.exists(self.loop), f"there is no {self.loop}: build the whole project")
        self.files = self.pictures()
        self.megapixels = float(self.run_loop("pixels").stdout)
        for name, text in (("web", WEB), ("five", FIVE), ("cascade", CASCADE)):
            self.place.write(f"{name}.yaml", text)

    def pictures(self):
        source = harness.DATA and os.path.join(harness.DATA, "photos")
        folder = self.place.path("photos")
        os.makedirs(folder)
        if not source or not os.path.isdir(source):
            print("GRAPHCAP_TEST_DATA is not set: made pictures take the photographs' place", file=sys.stderr)
            source = self.place.path("made")
            harness.make_photos(source, 24, 3000, 2000)
        names = [n for n in sorted(os.listdir(source)) if n.lower().endswith(EXT)]
        files = []
        for copy in range(self.args.copies):
            for name in names:
                files.append(os.path.join(folder, f"{copy}-{name}"))
                shutil.copyfile(os.path.join(source, name), files[-1])
        return files

    def run_loop(self, mode):
        out = self.place.path("hand")
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(out)
        return subprocess.run([self.loop, mode, str(self.args.executors), out] + self.files, check=True,
                              capture_output=True, text=True)

    def by_hand(self, mode):
        os.sync()
        begin = time.monotonic()
        self.run_loop(mode)
        return time.monotonic() - begin

    def ours(self, job):
        shutil.rmtree(self.place.path("out"), ignore_errors=True)
        os.sync()
        begin = time.monotonic()
        report = self.place.json("run", f"{job}.yaml", "-j", self.args.executors)
        took = time.monotonic() - begin
        harness.check(report["state"] == "completed" and report["items"] == len(self.files), report)
        for node in report["nodes"].values():
            harness.check(node["done"] == len(self.files), report)
        return took

    def rate(self, seconds):
        return self.megapixels / seconds / self.args.executors

    def compare(self, job, modes):
        """One round of each, in turn, as often as asked for; the ratio is taken within a round."""
        ours, hand = [], {m: [] for m in modes}
        self.ours(job)  # the coordinator is up, the executors are warm, the files are in memory
        for _ in range(self.args.rounds):
            ours.append(self.ours(job))
            for m in modes:
                hand[m].append(self.by_hand(m))
        result = {"seconds": statistics.median(ours), "images_per_second": len(self.files) / statistics.median(ours),
                  "megapixels_per_second_per_core": self.rate(statistics.median(ours)), "by_hand": {}}
        for m in modes:
            ratios = [h / o for h, o in zip(hand[m], ours)]
            result["by_hand"][m] = {"seconds": statistics.median(hand[m]), "ratio": statistics.median(ratios),
                                    "ratio_least": min(ratios), "ratio_most": max(ratios),
                                    "megapixels_per_second_per_core": self.rate(statistics.median(hand[m]))}
        best = [min(hand[m][i] for m in modes) / ours[i] for i in range(self.args.rounds)]
        result["ratio_to_best"] = statistics.median(best)
        return result


def show(name, r):
    print(f"{name:6} graphcap     {r['seconds']:8.2f} s {r['images_per_second']:8.1f} images/s "
          f"{r['megapixels_per_second_per_core']:8.1f} MP/s a core")
    for mode, h in r["by_hand"].items():
        print(f"{'':6} {mode:12} {h['seconds']:8.2f} s {'':17} {h['megapixels_per_second_per_core']:8.1f} MP/s a core   "
              f"graphcap is {h['ratio']:.2f} times as fast ({h['ratio_least']:.2f} to {h['ratio_most']:.2f})")
    if len(r["by_hand"]) > 1:
        print(f"{'':6} the best of these, round by round: {r['ratio_to_best']:.2f}")


CASES = {"web": ("web", ["web"]), "files": ("web", ["files-png", "files-v"]),
         "five": ("five", ["five-loads", "five-shared"]),
         "cascade": ("cascade", ["five-loads", "five-shared", "five-chain"])}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", help="web, files, five, cascade (all)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--executors", type=int, default=os.cpu_count())
    parser.add_argument("--copies", type=int, default=3)
    parser.add_argument("--json")
    args = parser.parse_args()
    bench = Bench(args)
    results = {"executors": args.executors, "files": len(bench.files), "megapixels": bench.megapixels, "rounds": args.rounds}
    print(f"{len(bench.files)} files of {bench.megapixels:.0f} megapixels, {args.executors} executors, medians of {args.rounds}")
    for name in args.cases or list(CASES):
        harness.check(name in CASES, f"no case '{name}': {', '.join(CASES)}")
        results[name] = bench.compare(*CASES[name])
        show(name, results[name])
    bench.place.end()
    if args.json:
        with open(args.json, "w") as f:
            json.dump(results, f, indent=2)


if __name__ == "__main__":
    main()
