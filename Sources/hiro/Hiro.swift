import ArgumentParser

@main
struct Hiro: ParsableCommand {}
