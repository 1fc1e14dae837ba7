package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// terraformFiles returns the paths of all files of Terraform.
func terraformFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	root := filepath.Join("..", "..", "deploy", "terraform")
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".tf" {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files of Terraform, %v", len(files), err)
	}
	return files
}

func TestTerraformParsesAndIsFormatted(t *testing.T) {
	if out, err := runTool(t, "hclread", "", append([]string{"check"}, terraformFiles(t)...)...); err != nil {
		t.Errorf("%v: %s", err, out)
	}

	broken, loose := filepath.Join(t.TempDir(), "broken.tf"), filepath.Join(t.TempDir(), "loose.tf")
	write(t, broken, []byte("locals {\n"))
	write(t, loose, []byte("locals {\n a=1\n}\n"))
	out, err := runTool(t, "hclread", "", "check", broken, loose)
	if err == nil || !strings.Contains(out, broken) || !strings.Contains(out, loose+" is not formatted") {
		t.Errorf("broken files pass: %v: %s", err, out)
	}
}

// terraformPlace is what the policies in deploy/iam are about, as variables of Terraform.
type terraformPlace struct {
	Manifests     []bucketPrefix      `json:"manifests"`
	CDRs          []bucketPrefix      `json:"cdrs"`
	Registrations []bucketPrefix      `json:"registrations"`
	Media         []bucketPrefix      `json:"media"`
	ReadMedia     bool                `json:"read_media"`
	SourceKeys    []string            `json:"source_kms_keys"`
	Output        bucketPrefix        `json:"output"`
	OutputKeys    []string            `json:"output_kms_keys"`
	Pruner        string              `json:"prune_role_arn"`
	IRSA          *string             `json:"irsa_provider_arn"`
	Namespace     string              `json:"namespace"`
	Account       string              `json:"service_account"`
	People        map[string][]string `json:"people"`
}

type bucketPrefix struct {
	Bucket string `json:"bucket"`
	Prefix string `json:"prefix"`
}

func acme() terraformPlace {
	return terraformPlace{
		Manifests: []bucketPrefix{{"acme-recordings", ""}}, CDRs: []bucketPrefix{{"acme-cdr", ""}},
		Registrations: []bucketPrefix{{"acme-logs", "registrations/"}}, Media: []bucketPrefix{{"acme-media", ""}},
		SourceKeys: []string{"arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-4333-8444-555555555555"},
		Output:     bucketPrefix{"acme-compliance", "cdrmend/"},
		OutputKeys: []string{"arn:aws:kms:eu-west-1:111122223333:key/66666666-7777-4888-9999-aaaaaaaaaaaa"},
		Pruner:     "arn:aws:iam::111122223333:role/cdrmend-prune",
		IRSA:       new("arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE"),
		Namespace:  "compliance", Account: "cdrmend", People: map[string][]string{"hold": {"arn:aws:iam::111122223333:role/compliance"}},
	}
}

// computedPolicies are the outputs of deploy/terraform/policies.
type computedPolicies struct {
	Policies    map[string]string
	TrustJob    string            `json:"trust_job"`
	TrustPeople map[string]string `json:"trust_people"`
}

func computePolicies(t *testing.T, p terraformPlace) computedPolicies {
	t.Helper()
	variables, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	out, err := runTool(t, "hclread", string(variables), "outputs", filepath.Join("..", "..", "deploy", "terraform", "policies"))
	var c computedPolicies
	if err != nil || json.Unmarshal([]byte(out), &c) != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return c
}

// policyDocument is a policy, with one text and a list of it made equal.
type policyDocument struct {
	Version   string
	Statement []struct {
		Sid              string
		Effect           string
		Principal        map[string]texts
		Action, Resource texts
		Condition        map[string]map[string]string
	}
}

func policyOf(t *testing.T, text string) policyDocument {
	t.Helper()
	var d policyDocument
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return d
}

// TestTerraformGivesThePoliciesOfIAM: for the place of the examples the policies are those
// of the files, with every action, condition and resource.
func TestTerraformGivesThePoliciesOfIAM(t *testing.T) {
	c := computePolicies(t, acme())
	pods := acme()
	pods.IRSA = nil
	computed := map[string]string{
		"trust-irsa": c.TrustJob, "trust-pod-identity": computePolicies(t, pods).TrustJob, "trust-people": c.TrustPeople["hold"],
	}
	for name, text := range c.Policies {
		computed[name] = text
	}

	files, err := filepath.Glob(filepath.Join("..", "..", "deploy", "iam", "*.json"))
	if err != nil || len(files) != len(computed) {
		t.Errorf("Terraform has %d policies, deploy/iam %d, %v: each has to be in both", len(computed), len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		want := policyOf(t, string(deployed(t, "iam", name+".json")))
		if diff := cmp.Diff(want, policyOf(t, computed[name])); diff != "" {
			t.Errorf("%s of Terraform differs from deploy/iam (-iam +terraform):\n%s", name, diff)
		}
	}
}

// TestTerraformPutsNamesOfAPlaceEverywhere: no name of the examples is left in the
// policies of another place, and what a place does not have is in no statement.
func TestTerraformPutsNamesOfAPlaceEverywhere(t *testing.T) {
	other := terraformPlace{
		Manifests: []bucketPrefix{{"rec", "a/"}, {"rec", "b/"}}, CDRs: []bucketPrefix{{"cdr", ""}}, Registrations: []bucketPrefix{},
		Media: []bucketPrefix{{"audio", "x/"}}, ReadMedia: true, SourceKeys: []string{}, Output: bucketPrefix{"out", ""}, OutputKeys: []string{"arn:key"},
		Pruner: "arn:aws:iam::999900001111:role/nightly-prune", IRSA: new("arn:aws:iam::999900001111:oidc-provider/oidc.example.org/id/7"),
		Namespace: "voice", Account: "nightly", People: map[string][]string{"read": {"arn:one", "arn:two"}},
	}
	c := computePolicies(t, other)
	all := []string{c.TrustJob, c.TrustPeople["read"]}
	for _, text := range c.Policies {
		all = append(all, text)
	}
	other.IRSA = nil
	all = append(all, computePolicies(t, other).TrustJob)
	for _, text := range all {
		if m := regexp.MustCompile(`acme|111122223333|EXAMPLE|:compliance|cdrmend`).FindString(text); m != "" {
			t.Errorf("%q is left in %s", m, text)
		}
	}

	var resources []string
	for _, s := range policyOf(t, c.Policies["sources"]).Statement {
		resources = append(resources, s.Resource...)
	}
	want := []string{
		"arn:aws:s3:::rec", "arn:aws:s3:::cdr", "arn:aws:s3:::audio", // each bucket once
		"arn:aws:s3:::rec/a/*", "arn:aws:s3:::rec/b/*", "arn:aws:s3:::cdr/*", "arn:aws:s3:::audio/x/*",
	}
	if diff := cmp.Diff(want, resources); diff != "" {
		t.Errorf("what may be read (-want +got):\n%s", diff)
	}
}

// TestTheBucketRefusesEverybodyToReplaceAndDelete: a policy of a bucket counts more than
// what roles allow.
func TestTheBucketRefusesEverybodyToReplaceAndDelete(t *testing.T) {
	refused := map[string]string{}
	for _, s := range policyOf(t, string(deployed(t, "iam", "bucket.json"))).Statement {
		if s.Effect != "Deny" || !slices.Equal(s.Principal["AWS"], texts{"*"}) {
			t.Errorf("%s is no refusal for everybody: %+v", s.Sid, s)
		}
		condition, err := json.Marshal(s.Condition)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range s.Action {
			refused[a] = string(condition)
		}
	}
	onlyPrune := `{"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/cdrmend-prune"}}`
	want := map[string]string{
		"s3:*": `{"Bool":{"aws:SecureTransport":"false"}}`,
		// The parts of a large object carry no header: its last request does.
		"s3:PutObject":    `{"Bool":{"s3:ObjectCreationOperation":"true"},"Null":{"s3:if-none-match":"true"}}`,
		"s3:DeleteObject": onlyPrune, "s3:DeleteObjectVersion": onlyPrune,
		"s3:BypassGovernanceRetention": "null",
	}
	if diff := cmp.Diff(want, refused); diff != "" {
		t.Errorf("what the bucket refuses (-want +got):\n%s", diff)
	}
}

// TestEveryObjectIsCreatedWithTheHeaderThatTheBucketAsksFor.
func TestEveryObjectIsCreatedWithTheHeaderThatTheBucketAsksFor(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "internal", "object", "s3*.go"))
	if err != nil {
		t.Fatal(err)
	}
	creating := regexp.MustCompile(`(?:PutObject|UploadObject|CopyObject|CompleteMultipartUpload)Input\{((?s:.*?))\n\t\}\n`)
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range creating.FindAllSubmatch(text, -1) {
			if found++; !regexp.MustCompile(`\bIfNoneMatch: +aws\.String\("\*"\)`).Match(m[1]) {
				t.Errorf("%s: a request creates without If-None-Match, which deploy/iam/bucket.json refuses:\n%s", file, m[0])
			}
		}
	}
	if found < 2 {
		t.Errorf("found %d requests that create, want both of the store", found)
	}
}

// TestTerraformMakesTheRolesAndTheBucketThatItsPageNames reads the module as text: what
// makes it safe has to be in it.
func TestTerraformMakesTheRolesAndTheBucketThatItsPageNames(t *testing.T) {
	bucket, roles, page := string(deployed(t, "terraform", "bucket.tf")), string(deployed(t, "terraform", "roles.tf")), string(deployed(t, "terraform", "README.md"))
	for _, want := range []string{
		"object_lock_enabled = true", `status = "Enabled"`, `sse_algorithm     = "aws:kms"`, "enable_key_rotation     = true", "prevent_destroy = true",
		"block_public_acls       = true", "block_public_policy     = true", "ignore_public_acls      = true", "restrict_public_buckets = true",
		"module.policies.policies.bucket",
	} {
		if !strings.Contains(bucket, want) {
			t.Errorf("bucket.tf does not say %s", want)
		}
	}
	for role, policies := range map[string]string{"run": `"sources", "output"`, "read": `"verify", "sources"`, "prune": `"output", "prune"`, "hold": `"hold"`} {
		if !regexp.MustCompile(`(?m)^    ` + role + ` +=.*policies = (concat\()?\[` + regexp.QuoteMeta(policies) + `\]`).MatchString(roles) {
			t.Errorf("roles.tf does not give %s to %s", policies, role)
		}
		if !strings.Contains(page, "| `"+role+"` |") {
			t.Errorf("the page does not name the role %s", role)
		}
	}
	variables := regexp.MustCompile(`(?m)^variable "([a-z_]+)"`).FindAllStringSubmatch(string(deployed(t, "terraform", "variables.tf")), -1)
	for _, v := range variables {
		if !strings.Contains(page, "`"+v[1]+"`") {
			t.Errorf("the page does not name the variable %s", v[1])
		}
	}
}
