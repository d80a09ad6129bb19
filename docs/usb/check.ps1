# Checks the files beside it, and copies the programs for this machine to a folder:
#
#   powershell -ExecutionPolicy Bypass -File check.ps1
#   powershell -ExecutionPolicy Bypass -File check.ps1 C:\lifeboat
#   powershell -ExecutionPolicy Bypass -File check.ps1 -Unsigned C:\lifeboat
#
# The last one copies also what nobody has signed.
#
# Exit status: 0, the list is signed, and all files are as it says; 1, something is
# wrong; 2, the files are as the list says, and no signature says whose list it is.
#
# It finds accidents. Who changes the stick can change this script as well, so the
# first check is typed from paper: START-HERE.html.
#
# For Windows 10 and later.
param([Parameter(Position = 0)][string]$To = "", [switch]$Unsigned)
$ErrorActionPreference = "Stop"

function Fail([string]$Message) {
    Write-Host "check.ps1: ERROR: $Message" -ForegroundColor Red
    exit 1
}

if ($To -ne "") { $To = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($To) }
Set-Location -LiteralPath $PSScriptRoot
if (-not (Test-Path -LiteralPath "SHA256SUMS")) { Fail "there is no SHA256SUMS beside this script" }

# 1. The signature, which says whose list of checksums it is.
$unknown = "" # why that is not known
if (-not (Test-Path -LiteralPath "SHA256SUMS.sig")) {
    $unknown = "SHA256SUMS carries no signature"
} elseif (-not (Test-Path -LiteralPath "allowed_signers")) {
    $unknown = "SHA256SUMS is signed, but the file allowed_signers is missing"
} elseif (-not ((cmd /c "ssh-keygen -Y verify 2>&1 <nul") -match 'Too few arguments')) {
    $unknown = "SHA256SUMS is signed, but there is no ssh-keygen that verifies signatures (OpenSSH 8.1)"
} else {
    # OpenSSH 8.1 cannot tell yet whose signature it is, so each name is tried.
    $said = ""
    foreach ($line in Get-Content -LiteralPath "allowed_signers") {
        foreach ($name in ($line.Trim() -split '\s')[0] -split ',') {
            # cmd, because PowerShell would change the bytes on their way; so no name
            # with what cmd would take for something else.
            if ($said -ne "" -or $name -notmatch '^[A-Za-z0-9@._][A-Za-z0-9@._-]*$') { continue }
            $answer = cmd /c "ssh-keygen -Y verify -f allowed_signers -I $name -n lifeboat-release -s SHA256SUMS.sig < SHA256SUMS 2>nul"
            if ($LASTEXITCODE -eq 0) { $said = "$answer" }
        }
    }
    if ($said -eq "") { Fail "the signature of SHA256SUMS is wrong, or by nobody whom allowed_signers names: do not use these files" }
    Write-Host $said
    Write-Host "Whoever made this stick also chose this key and this script: compare the key with the one on paper."
}

# 2. The files.
$sums = @{}
foreach ($line in Get-Content -LiteralPath "SHA256SUMS") {
    if ($line -notmatch '^([0-9a-f]{64}) [ *](.+)$') { Fail "SHA256SUMS has a line that is not a checksum and a name" }
    $sums[$Matches[2]] = $Matches[1]
}
if ($sums.Count -eq 0) { Fail "SHA256SUMS lists nothing" }
$wrong = @()
foreach ($name in $sums.Keys) {
    if (-not (Test-Path -LiteralPath $name -PathType Leaf)) { $wrong += "$name is missing"; continue }
    if ((Get-FileHash -LiteralPath $name -Algorithm SHA256).Hash.ToLower() -ne $sums[$name]) { $wrong += "$name is damaged or changed" }
}
if ($wrong.Count -gt 0) { Fail ($wrong -join "`n") }
Write-Host "all $($sums.Count) files are as SHA256SUMS lists them"

# 3. What is there and not listed.
$known = @("SHA256SUMS", "SHA256SUMS.sig", "allowed_signers")
Get-ChildItem -Recurse -File | ForEach-Object {
    $name = $_.FullName.Substring($PSScriptRoot.TrimEnd('\').Length + 1).Replace('\', '/')
    if (-not $sums.ContainsKey($name) -and $known -notcontains $name -and $name -notmatch '^(\.|attest/[^/]+/SHA256SUMS(\.sig)?$|System Volume Information/)') {
        Write-Host "check.ps1: warning: $($name -replace '[^ -~]', '?') is not listed; do not run or open it"
    }
}

# 4. What all that is worth.
$status = 0
if ($unknown -ne "") {
    $status = 2
    Write-Host "check.ps1: NOT CHECKED: $unknown." -ForegroundColor Red
    Write-Host "Whoever changed a file could make the list anew. Compare SHA256SUMS with one from another source."
    if ($To -ne "" -and -not $Unsigned) {
        Write-Host "Nothing was copied. To copy it all the same: check.ps1 -Unsigned FOLDER"
        exit $status
    }
}
if ($To -eq "") { exit $status }

# 5. The programs for this machine, those that are listed.
if (Test-Path -LiteralPath $To) { Fail "$To exists; name a new folder" }
if (-not (Test-Path -LiteralPath "bin/windows-amd64")) { Fail "there are no programs for Windows here" }
New-Item -ItemType Directory -Path $To | Out-Null
foreach ($kind in @("bin", "age")) {
    foreach ($file in Get-ChildItem -LiteralPath "$kind/windows-amd64" -File) {
        $want = $sums["$kind/windows-amd64/$($file.Name)"]
        if (-not $want) { continue }
        $copy = Join-Path $To $file.Name
        Copy-Item -LiteralPath $file.FullName -Destination $copy
        Unblock-File -LiteralPath $copy # it was checked here, so SmartScreen need not ask
        if ((Get-FileHash -LiteralPath $copy -Algorithm SHA256).Hash.ToLower() -ne $want) {
            Fail "the copy $copy is damaged"
        }
        Write-Host $copy
    }
}
$quoted = "'" + $To.Replace("'", "''") + ";'"
Write-Host "Next, in this window, and in each new one:"
Write-Host "  `$env:Path = $quoted + `$env:Path"
Write-Host "Then type the commands as they are printed. The first:"
Write-Host "  mpc-recover guide"
exit $status
