// Command cdrmend repairs the metadata of exported call recordings, with
// provenance, and tells what is missing, what coincides with a registration
// outage, and what nobody can tell.
//
// It is a scheduled job. One interval, a UTC day by default, is pulled from
// export manifests in S3, joined with call detail records and with the log of
// SIP registrations, and committed as repaired manifests, tables and a record
// that names its predecessor:
//
//	cdrmend demo                                     a sample night, without any configuration
//	cdrmend synth --legs 1000000                     a night to measure with, and what is wrong with it
//	cdrmend config check --config cdrmend.yaml       what a configuration means
//	cdrmend run --config cdrmend.yaml                the interval that ended last, and its re-checks
//	cdrmend run 2026-11-20 --config cdrmend.yaml
//	cdrmend verify s3://bucket/prefix/ --keys keys.jwks.json
//	cdrmend keygen                                   a key that signs what is committed
//	cdrmend explain ID --config cdrmend.yaml         what was found about one recording
//	cdrmend history 2026-11-20 --config cdrmend.yaml
//	cdrmend ls --config cdrmend.yaml                 the newest intervals and their state
//	cdrmend ls --config cdrmend.yaml --table calls   where the newest tables lie
//	cdrmend report --config cdrmend.yaml --from 2026-11-16 --to 2026-11-23
//	cdrmend token --file token.txt                   whether a token can register a line
//	cdrmend profiles init calls.csv --kind cdrs -o my.yaml
//	cdrmend profiles test my.yaml calls.csv          what a profile reads, and what is missing
//	cdrmend completion bash                          completes flags, intervals and ids in a shell
//	cdrmend man                                      the manual page
//
// It exits with 0 when nothing is open at or above --fail-on, 1 when such
// findings are open, 2 on a usage or configuration error, 3 when it failed and
// committed nothing, 4 when missing or damaged input leaves a result
// indeterminate, and 5 when a person has to decide first.
package main
